Profile: VitiligoProduct
Parent: Medication
Id: vitiligo-product
Title: "Product"
Description: "A medicine, a cell-derived product or a cosmetic that was applied or taken. What there is no code for stays text: neither a batch, a maker nor a licence is made up."
* insert Element(code, 1..1, [[What it is called]], [[What the product is called, with what the source wrote as text, or why it is not known.]])
* code from VitiligoDrugValueSet (preferred)
* insert Fact(code)
* insert Extended(extension, ProductLicence, licence, 0..1, [[Licensed or unlicensed]], [[Whether the product is licensed, where that is stated.]])
* extension[licence].value[x] from VitiligoLicenceValueSet (preferred)
* ingredient MS
* insert Extended(ingredient.extension, StrengthBasis, basis, 0..1, [[w/w, w/v or v/v]], [[What a percentage refers to, where that is stated.]])
* insert ProductOfRelease
