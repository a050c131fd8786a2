// What R5 asks of every search parameter of the project: how its values are compared, too.
RuleSet: OwnSearchParameter
* insert OwnDefinition
* processingMode = #normal
