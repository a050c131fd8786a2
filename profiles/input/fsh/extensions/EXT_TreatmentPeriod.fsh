Extension: TreatmentPeriod
Id: treatment-period
Title: "Treatment period"
Description: "When a course began and ended, where occurrence[x] is its schedule."
Context: Procedure
* value[x] only Period
* value[x] 1..1
