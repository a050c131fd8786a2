Instance: laterality
InstanceOf: SearchParameter
Usage: #definition
* insert LateralitySearch
* expression = "BodyStructure.includedStructure.laterality | Condition.bodySite.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/laterality').value.ofType(CodeableConcept)"
