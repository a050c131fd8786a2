Extension: CumulativeDose
Id: cumulative-dose
Title: "Cumulative dose"
Description: "The dose of the whole course so far, such as J/cm2 of a phototherapy."
Context: MedicationStatement, Procedure
* value[x] only Quantity
* value[x] 1..1
