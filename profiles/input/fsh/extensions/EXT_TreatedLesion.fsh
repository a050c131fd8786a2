Extension: TreatedLesion
Id: treated-lesion
Title: "Treated lesion"
Description: "The lesion that a treatment was applied to or an event concerns, where the resource cannot refer to a body structure."
Context: MedicationStatement, AdverseEvent
* value[x] only Reference(BodyStructure)
* value[x] 1..1
