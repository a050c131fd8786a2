Extension: CaseHeader
Id: case-header
Title: "Case header"
Description: "What the case record says of itself as a whole."
Context: Provenance
* insert SubExtension(id, 1..1, id, The id of the case)
* insert SubExtension(kind, 0..1, code, [[What kind of record the case was, such as a case report or a registry entry]])
* insert SubExtension(consent, 0..1, CodeableConcept, What the record says about consent)
* insert SubExtension(deidentified, 0..1, CodeableConcept, [[Whether the record was anonymised or pseudonymised, where that is stated]])
* insert SubExtension(identifier, 0..*, Identifier, An identifier that another system gave the case)
