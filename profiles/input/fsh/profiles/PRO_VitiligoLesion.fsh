Profile: VitiligoLesion
Parent: BodyStructure
Id: vitiligo-lesion
Title: "Lesion"
Description: "A patch, or all patches of one area, as the thing that scores, treatments and responses are about. What an examination found of it is an observation that refers to it."
* insert Extended(extension, TargetLesion, target, 0..1, [[Whether it is a target lesion]], [[Whether the lesion is followed as a target lesion, where that is stated.]])
* insert Element(identifier, 1..*, [[Name of the lesion]], [[What systems call the lesion, so that it is found again at the next visit.]])
* insert Element(morphology, 0..1, [[Kind of change]], [[What kind of change it is, such as a macule or a depigmentation.]])
* morphology from VitiligoMorphologyValueSet (preferred)
* insert Open(morphology, [[macule and plaque exclude each other, yet sources write macula-plaques; such words stay text.]])
* insert Fact(morphology)
* insert Element(description, 0..1, [[What the source calls it]], [[The words of the source for the lesion.]])
* insert OfPatient(patient)
* insert Element(image, 0..0, [[No picture in the record]], [[The record never holds the picture: photographs are document references, by address and hash, that refer to the lesion.]])
* insert LesionOfRelease
