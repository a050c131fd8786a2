Profile: VitiligoFamilyHistory
Parent: FamilyMemberHistory
Id: vitiligo-family-history
Title: "Relative with a condition"
Description: "A relative of the patient and the condition that they have, vitiligo or another. That a relative does not have it is an observation, since FamilyMemberHistory cannot say so."
* insert Element(identifier, 0..*, [[Name of the entry]], [[What systems call the entry.]])
* status MS
* insert OfPatient(patient)
* insert Element(name, 0..0, [[No name of the relative]], [[The relation is what matters; the record names no relative.]])
* insert Element(relationship, 1..1, [[How they are related]], [[Mother, sibling and so on, or why that is not known.]])
* relationship from VitiligoRelationValueSet (preferred)
* insert Fact(relationship)
* insert Element(condition, 0..1, [[What they have]], [[The condition that the relative has. Each condition is an entry of its own.]])
* condition.code MS
* condition.code from VitiligoComorbidityValueSet (preferred)
* insert Fact(condition.code)
* insert Element(condition.onset[x], 0..1, [[When it began in them]], [[When the condition began: an age, an age between two, a date as the start of a period, or words.]])
* condition.onset[x] only Age or Range or Period or string
* insert Noted
