Instance: summary
InstanceOf: OperationDefinition
Usage: #definition
* insert OwnDefinition
* name = "Summary"
* title = "A patient's vitiligo as a document"
* description = "Gives what is stored of a patient's vitiligo as the case document: a Bundle with a Composition whose sections follow the CARE headings. What is stored and not about vitiligo is not in it; $everything has all of it. Nothing is stored."
* kind = #operation
* affectsState = false
* code = #summary
* resource = #Patient
* system = false
* type = false
* instance = true
* parameter[+].name = #return
* parameter[=].use = #out
* parameter[=].min = 1
* parameter[=].max = "1"
* parameter[=].type = #Bundle
* parameter[=].documentation = "The document."
