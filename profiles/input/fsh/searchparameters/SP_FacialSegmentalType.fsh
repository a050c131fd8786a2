Instance: facial-segmental-type
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "FacialSegmentalType"
* description = "The pattern of segmental vitiligo of the face, I-a to V: facial-segmental-type=facial-segmental-type.I-a."
* code = #facial-segmental-type
* base = #Condition
* type = #token
* expression = "Condition.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/facial-segmental-type').value.ofType(CodeableConcept)"
* multipleOr = true
* multipleAnd = true
