Extension: ComponentRegion
Id: component-region
Title: "Component region"
Description: "The body region that an item of a score was taken of. As a boolean it says what the code of the component is: true, the code is itself the region; false, it is an item and not a region, although it could be read as one."
Context: Observation.component
* value[x] only CodeableConcept or boolean
* value[x] 1..1
