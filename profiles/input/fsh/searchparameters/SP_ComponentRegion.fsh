Instance: component-region
InstanceOf: SearchParameter
Usage: #definition
* insert OwnSearchParameter
* name = "ComponentRegion"
* description = "The region of the body that an item of a score was taken of, so that scores with regional detail can be told from bare totals: component-region=region.head-and-neck."
* code = #component-region
* base = #Observation
* type = #token
* expression = "Observation.component.extension('https://w3id.org/fhir-vitiligo/StructureDefinition/component-region').value.ofType(CodeableConcept)"
* multipleOr = true
* multipleAnd = true
