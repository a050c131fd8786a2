Extension: PhotoModality
Id: photo-modality
Title: "Photograph modality"
Description: "How the skin was lit: visible light, Wood's lamp and so on."
Context: DocumentReference
* value[x] only CodeableConcept
* value[x] 1..1
