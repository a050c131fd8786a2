Profile: VitiligoRepigmentation
Parent: VitiligoResponse
Id: vitiligo-repigmentation
Title: "Repigmentation"
Description: "A response with a measured repigmentation: per cent of the area at baseline, or one of the bands that the INFO workshops recommend."
* insert Element(value[x], 1..1, [[Per cent repigmented, or the band]], [[The share of the area at baseline in which pigment has returned, or the band.]])
* value[x] only Quantity or CodeableConcept
* value[x] obeys vit-repigmentation-1

Invariant: vit-repigmentation-1
Description: "Repigmentation is as a rule a number from 0 to 100"
Severity: #warning
Expression: "ofType(Quantity).all(comparator.exists() or value.empty() or (value >= 0 and value <= 100))"
