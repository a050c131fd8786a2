// The search parameter laterality, but for where a release has the side of a BodyStructure.
RuleSet: LateralitySearch
* insert OwnSearchParameter
* name = "Laterality"
* description = "The side of the body that a site of vitiligo or of a lesion is on: laterality=http://snomed.info/sct|24028007. On one side only and on that side are two codes: ask for both."
* code = #laterality
* base[+] = #BodyStructure
* base[+] = #Condition
* type = #token
* multipleOr = true
* multipleAnd = true
