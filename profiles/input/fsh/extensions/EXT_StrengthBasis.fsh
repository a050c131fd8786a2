Extension: StrengthBasis
Id: strength-basis
Title: "Strength basis"
Description: "What a percentage refers to, where that is stated: w/w, w/v or v/v."
Context: Medication.ingredient
* value[x] only code
* value[x] 1..1
