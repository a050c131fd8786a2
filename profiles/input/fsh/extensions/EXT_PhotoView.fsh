Extension: PhotoView
Id: photo-view
Title: "Photograph view"
Description: "The view a photograph shows."
Context: DocumentReference
* value[x] only CodeableConcept
* value[x] 1..1
