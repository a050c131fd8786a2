// BodyStructure of R5 has any number of structures, each with its side.
RuleSet: LesionOfRelease
* insert Element(includedStructure, 1..*, [[A site with its side]], [[Where the lesion is. A lesion whose site is not stated has one structure that says so.]])
* insert Element(includedStructure.structure, 1..1, [[The site]], [[The region of the body.]])
* includedStructure.structure from VitiligoSiteValueSet (preferred)
* insert Element(includedStructure.laterality, 0..1, [[The side]], [[The side, where it is stated of this very site.]])
* includedStructure.laterality from VitiligoSideValueSet (required)
