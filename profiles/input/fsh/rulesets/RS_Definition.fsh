// What a definition that is written as an instance states of itself: SearchParameter, OperationDefinition,
// ConceptMap, CapabilityStatement.
RuleSet: OwnDefinition
* status = #draft
* experimental = false
