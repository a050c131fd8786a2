Instance: laterality
InstanceOf: SearchParameter
Usage: #definition
* insert LateralitySearch
* expression = "BodyStructure.locationQualifier | BodyStructure.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/further-site').extension('laterality').value.ofType(CodeableConcept) | Condition.bodySite.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/laterality').value.ofType(CodeableConcept)"
