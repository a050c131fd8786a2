Profile: VitiligoAdverseEvent
Parent: AdverseEvent
Id: vitiligo-adverse-event
Title: "Adverse event"
Description: "An event during or after treatment that did happen, with its severity, its outcome and the treatments it is ascribed to. One that is stated not to have happened is an observation."
* insert Element(actuality, 1..1, [[It did happen]], [[Says that the event did happen: a potential event is none of a patient's record.]])
* actuality = #actual
* insert OfPatient(subject)
* insert AtVisit(encounter)
* insert Extended(extension, TreatedLesion, lesion, 0..*, [[The lesion it concerns]], [[A lesion that the event concerns.]])
* extension[lesion].value[x] only Reference(VitiligoLesion)
* insert Extended(extension, EventNote, note, 0..1, [[A remark]], [[A remark on the event.]])
* suspectEntity MS
* insert EventOfRelease
