Extension: NamedConcept
Id: named-concept
Title: "Named concept"
Description: "The concept that whoever made the record named, by its key in the project's terminology: it stands beside a text or a code that says another thing, so that a reader knows which of them was meant to be asserted."
Context: CodeableConcept
* extension 0..0
* value[x] 1..1
* value[x] only code
