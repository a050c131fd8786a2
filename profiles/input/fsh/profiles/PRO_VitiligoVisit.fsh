Profile: VitiligoVisit
Parent: Encounter
Id: vitiligo-visit
Title: "Visit or other time point"
Description: "A visit, or another time point of the record, with or without a date. Whatever was observed or done refers to it, and a time that is known only by its distance is counted from it."
* insert Element(identifier, 1..*, [[Name of the time point]], [[What systems call the time point, such as week 12 of a case: other times are counted from it.]])
* status MS
* insert Element(subject, 1..1, The patient, The person who was seen.)
* subject only Reference(VitiligoPatient)
* insert Element(type, 0..*, [[What the source calls it]], [[What the source calls the time point, such as baseline or week 12, as text.]])
* insert VisitOfRelease
