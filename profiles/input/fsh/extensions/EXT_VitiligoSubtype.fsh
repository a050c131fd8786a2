Extension: VitiligoSubtype
Id: vitiligo-subtype
Title: "Vitiligo subtype"
Description: "The subtype within the class that Condition.code states: acrofacial, mucosal, focal and so on."
Context: Condition
* value[x] only CodeableConcept
* value[x] 1..1
