Extension: FurtherSite
Id: further-site
Title: "Further site"
Description: "A body site beyond the one that BodyStructure.location has room for in R4, with its side. R5 has BodyStructure.includedStructure."
Context: BodyStructure
* insert SubExtension(site, 1..1, CodeableConcept, The site)
* insert SubExtension(laterality, 0..1, CodeableConcept, [[The side, where it is stated of this very site]])
