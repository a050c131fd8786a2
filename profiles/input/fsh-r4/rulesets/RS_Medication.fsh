// MedicationStatement and Medication of R4.
RuleSet: MedicationOfRelease
* insert Element(medication[x], 1..1, [[The product]], [[The product that was used, or why it is not known.]])
* medication[x] only CodeableConcept or Reference(VitiligoProduct)
* insert Element(context, 0..1, [[The visit]], [[The visit that it was given or begun at.]])
* context only Reference(VitiligoVisit)
* insert Said(statusReason, [[Why it was stopped or paused]], [[Why the product was stopped, paused or not used.]])

RuleSet: ProductOfRelease
* insert Said(form, [[Cream, serum, tablet]], [[The form of the product.]])
* insert Said(ingredient.item[x], [[The substance]], [[The substance, with what the source wrote as text.]])
* ingredient.item[x] only CodeableConcept
* ingredient.itemCodeableConcept from VitiligoDrugValueSet (preferred)
* insert Said(ingredient.strength, [[Strength, such as 5 %]], [[How much of the substance there is. A percentage stands over 1; what it refers to is said only where it is stated.]])
* ingredient.strength.numerator 1..1
* ingredient.strength.denominator 1..1
