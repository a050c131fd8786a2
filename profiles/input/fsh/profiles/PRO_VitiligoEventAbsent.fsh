Profile: VitiligoEventAbsent
Parent: Observation
Id: vitiligo-event-absent
Title: "Adverse event, stated to be absent"
Description: "The stated absence of an event during treatment, such as no hyperpigmentation in the lesions. It says no more than it states: not that there was no event at all."
* insert ObservationOfRecord(exam)
* insert Element(code, 1..1, [[What did not happen]], [[The event that is stated not to have happened, or why it is not known.]])
* code from VitiligoFindingValueSet (preferred)
* insert Fact(code)
* insert Element(focus, 0..*, [[The lesions it is of]], [[The lesions that were looked at.]])
* focus only Reference(VitiligoLesion)
* insert Said(partOf, [[The treatments]], [[The treatments during which it did not happen.]])
* insert AbsentValue
