Instance: vitiligo-subtype
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "VitiligoSubtype"
* description = "The subtype of vitiligo within its class, from the extension of that name: vitiligo-subtype=subtype.acrofacial."
* code = #vitiligo-subtype
* base = #Condition
* type = #token
* expression = "Condition.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/vitiligo-subtype').value.ofType(CodeableConcept)"
* multipleOr = true
* multipleAnd = true
