Extension: ProductLicence
Id: product-licence
Title: "Product licence"
Description: "Whether the product is licensed, where that is stated: licensed or unlicensed."
Context: Medication
* value[x] only CodeableConcept
* value[x] 1..1
