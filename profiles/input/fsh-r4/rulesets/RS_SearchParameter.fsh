// What R4 asks of every search parameter of the project.
RuleSet: OwnSearchParameter
* insert OwnDefinition
