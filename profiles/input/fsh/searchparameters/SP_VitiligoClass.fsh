// Condition.code carries the class as a code of the project's CodeSystem beside the international one.
Instance: vitiligo-class
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "VitiligoClass"
* description = "The class of vitiligo of the 2012 consensus, or a subtype that implies it, as a code of the project's CodeSystem in Condition.code: vitiligo-class=vgicc-class.segmental. Codes of other systems are found by the parameter code."
* code = #vitiligo-class
* base = #Condition
* type = #token
* expression = "Condition.code.coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo')"
* multipleOr = true
* multipleAnd = true
