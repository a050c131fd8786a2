Extension: ComponentRegion
Id: component-region
Title: "Component region"
Description: "The body region that an item of a score was taken of. As a boolean it says that the component's code is itself the region."
Context: Observation.component
* value[x] only CodeableConcept or boolean
* value[x] 1..1
