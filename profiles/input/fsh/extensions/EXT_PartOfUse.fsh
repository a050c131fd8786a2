Extension: PartOfUse
Id: part-of-use
Title: "Part of a use"
Description: "The use of a product that a procedure was a part of, such as the needling that a serum was given with. Procedure.partOf refers to procedures only."
Context: Procedure
* value[x] only Reference(MedicationStatement)
* value[x] 1..1
