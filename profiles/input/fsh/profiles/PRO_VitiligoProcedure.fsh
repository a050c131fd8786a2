Profile: VitiligoProcedure
Parent: Procedure
Id: vitiligo-procedure
Title: "Treatment that is done"
Description: "Something that is done to treat vitiligo: one resource for the whole course with its schedule, its dose and the sessions that were stated. Sessions are never made up from a schedule."
* insert KindOfTreatment
* insert TreatmentOfRecord
* status MS
* insert Said(statusReason, [[Why it was stopped or paused]], [[Why the course was stopped, paused or not done.]])
* insert Element(code, 0..1, [[What was done]], [[What was done, with what the source wrote as text.]])
* code from VitiligoProcedureValueSet (preferred)
* insert Fact(code)
* insert AtVisit(encounter)
* insert Extended(extension, $procedureTarget, lesion, 0..*, [[The lesion that was treated]], [[A lesion that was treated.]])
* extension[lesion].value[x] only Reference(VitiligoLesion)
* insert Extended(extension, Wavelength, wavelength, 0..1, [[Wavelength of the light]], [[The wavelength of the light that was used.]])
* insert Extended(extension, SessionDose, sessionDose, 0..1, [[Dose of a session]], [[The dose of one session, such as 400 mJ/cm2.]])
* insert Extended(extension, DonorSite, donorSite, 0..1, [[Donor site]], [[Where a graft was taken from.]])
* extension[donorSite].value[x] from VitiligoSiteValueSet (preferred)
* insert Said(bodySite, [[Where it was done]], [[Where it was done, as written.]])
* insert Element(partOf, 0..*, [[The course it is a part of]], [[The course of treatment that this is a part of.]])
* partOf only Reference(VitiligoProcedure)
* insert Extended(extension, PartOfUse, partOfUse, 0..1, [[The use of a product it is a part of]], [[The use of a product that this is a part of, which partOf cannot refer to.]])
* extension[partOfUse].value[x] only Reference(VitiligoMedication)
* insert Said(outcome, [[What was made of it]], [[The judgement of the treating clinician or the author, not a finding.]])
* insert ProcedureOfRelease
