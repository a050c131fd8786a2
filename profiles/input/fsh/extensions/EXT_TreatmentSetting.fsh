Extension: TreatmentSetting
Id: treatment-setting
Title: "Treatment setting"
Description: "Where the treatment took place: clinic, home, hospital or remote."
Context: MedicationStatement, Procedure
* value[x] only CodeableConcept
* value[x] 1..1
