Extension: Laterality
Id: laterality
Title: "Laterality"
Description: "The side of a body site, where the element that names the site has no room for it."
Context: CodeableConcept
* value[x] only CodeableConcept
* value[x] 1..1
