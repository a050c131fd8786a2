Instance: reindex
InstanceOf: OperationDefinition
Usage: #definition
* insert OwnDefinition
* name = "Reindex"
* title = "Build the search index anew"
* description = "Builds the index rows of stored resources again from the resources themselves, as after a change of the search parameters. Resources are neither changed nor given a new version; searches are answered throughout."
* kind = #operation
* affectsState = true
* code = #reindex
* resource = #Resource
* system = true
* type = true
* instance = true
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].type = #OperationOutcome
* parameter[=].documentation = "How many resources were indexed, and each whose index rows were not what they should have been."
