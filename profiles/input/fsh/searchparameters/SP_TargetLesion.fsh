Instance: target-lesion
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "TargetLesion"
* description = "Whether a lesion is followed as a target lesion: target-lesion=Y."
* code = #target-lesion
* base = #BodyStructure
* type = #token
* expression = "BodyStructure.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/target-lesion').value.ofType(CodeableConcept)"
* multipleOr = true
* multipleAnd = true
