// MedicationStatement and Medication of R5.
RuleSet: MedicationOfRelease
* insert Said(medication, [[The product]], [[The product that was used, or why it is not known.]])
* medication only CodeableReference(VitiligoProduct)
* insert AtVisit(encounter)
* insert Element(adherence, 0..1, [[What the patient did]], [[Whether the product is used, was used, was stopped or paused. R4 has this as the status.]])
* insert Said(adherence.reason, [[Why it was stopped or paused]], [[Why the product was stopped, paused or not used.]])

RuleSet: ProductOfRelease
* insert Said(doseForm, [[Cream, serum, tablet]], [[The form of the product.]])
* insert Said(ingredient.item, [[The substance]], [[The substance, with what the source wrote as text.]])
* insert Said(ingredient.item.concept, [[The substance]], [[The substance, with what the source wrote as text.]])
* ingredient.item.concept 1..1
* ingredient.item from VitiligoDrugValueSet (preferred)
* insert Said(ingredient.strength[x], [[Strength, such as 5 %]], [[How much of the substance there is; what a percentage refers to is said only where it is stated.]])
* ingredient.strength[x] only Quantity or Ratio
