Profile: VitiligoPhotograph
Parent: DocumentReference
Id: vitiligo-photograph
Title: "Photograph"
Description: "A photograph of the skin: where it is, its hash, what it shows and in which light. The record never holds the picture itself."
* status MS
* insert Element(type, 1..1, [[Photograph]], [[LOINC's code for a photographic image.]])
* type = $LNC#72170-4
* insert OfPatient(subject)
* insert Extended(extension, PhotoView, view, 0..1, [[View]], [[The view, such as frontal or close-up.]])
* extension[view].value[x] from VitiligoPhotoViewValueSet (preferred)
* insert Extended(extension, PhotoModality, modality, 0..1, [[Light]], [[The light in which it was taken: visible, Wood's lamp and so on.]])
* extension[modality].value[x] from VitiligoPhotoModalityValueSet (preferred)
* insert Element(content, 1..1, [[The picture]], [[One picture: another one is another photograph.]])
* insert Said(content.attachment, [[Address, hash, type, time; not the picture itself]], [[Where the picture is, its SHA-1 hash by which it is known again, its type and when it was taken. The record refers to the picture and does not hold it.]])
* content.attachment obeys vit-photograph-1
* insert PhotographOfRelease

Invariant: vit-photograph-1
Description: "The record refers to a photograph and does not hold it"
Severity: #error
Expression: "data.empty()"
