Extension: TargetLesion
Id: target-lesion
Title: "Target lesion"
Description: "Whether this lesion is followed as a target lesion."
Context: BodyStructure
* value[x] only CodeableConcept
* value[x] 1..1
