Profile: VitiligoStability
Parent: Observation
Id: vitiligo-stability
Title: "Duration of stability"
Description: "For how long the vitiligo has neither grown nor multiplied: what a decision about grafting rests on."
* insert ObservationOfRecord(exam)
* insert Element(code, 1..1, [[Duration of stability]], [[The project's code for the time without change.]])
* code = VitiligoCodeSystem#observation.stability-duration
* insert Element(focus, 1..1, [[The vitiligo it is about]], [[The vitiligo that has been stable.]])
* focus only Reference(VitiligoCondition)
* insert NumberOrText([[How long, such as 12 months]], [[The time without change, with its unit.]])
