Extension: SessionsDone
Id: sessions-done
Title: "Sessions done"
Description: "How many sessions were given. Only a stated number: it is never computed from a schedule."
Context: MedicationStatement, Procedure
* value[x] only Quantity
* value[x] 1..1
