Extension: FacialSegmentalType
Id: facial-segmental-type
Title: "Facial segmental type"
Description: "The pattern of segmental vitiligo of the face, I-a to V (Kim, Oh and Hann 2011)."
Context: Condition
* value[x] only CodeableConcept
* value[x] 1..1
