Instance: to-fhir
InstanceOf: OperationDefinition
Usage: #definition
* insert OwnDefinition
* name = "ToFhir"
* title = "A vitiligo case to FHIR"
* description = "Takes a case file of the project's case model and gives the Bundle that the command `fhir-vitiligo to-fhir` writes of it. Nothing is stored. A case with faults is answered with an OperationOutcome that lists all of them, each with its path in the case; nothing is left out in silence."
* kind = #operation
* affectsState = false
* code = #to-fhir
* system = true
* type = false
* instance = false
* parameter[+].name = #case
* parameter[=].use = #in
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].type = #string
* parameter[=].documentation = "The text of the case file, YAML or JSON."
* parameter[+].name = #release
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #code
* parameter[=].documentation = "The FHIR release to write: r4, r4b or r5. Without it the one that the request is made in."
* parameter[+].name = #type
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #code
* parameter[=].documentation = "The Bundle's type: transaction (which is the default), collection or document."
* parameter[+].name = #recorded
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "1"
* parameter[=].type = #instant
* parameter[=].documentation = "When the conversion was made, for Provenance.recorded. Without it the Provenance says that this is unknown, and the same case always gives the same Bundle."
* parameter[+].name = #accept
* parameter[=].use = #in
* parameter[=].min = 0
* parameter[=].max = "*"
* parameter[=].documentation = "A reading of an ambiguous value that the caller vouches for. An ambiguous value goes out as it was written otherwise."
* parameter[=].part[+].name = #path
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[=].documentation = "The place in the case, such as assessments.vetf-t0.total."
* parameter[=].part[+].name = #value
* parameter[=].part[=].use = #in
* parameter[=].part[=].min = 1
* parameter[=].part[=].max = "1"
* parameter[=].part[=].type = #string
* parameter[=].part[=].documentation = "The reading, such as 7.6."
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].type = #Bundle
* parameter[=].documentation = "The case as FHIR resources, each of which declares the profile that it follows."
