Extension: SessionDose
Id: session-dose
Title: "Session dose"
Description: "The dose of one session of a procedure."
Context: Procedure
* value[x] only Quantity
* value[x] 1..1
