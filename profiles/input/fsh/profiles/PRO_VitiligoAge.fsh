Profile: VitiligoAge
Parent: Observation
Id: vitiligo-age
Title: "Age"
Description: "The age of the patient at the first visit of the record. It is observed, not computed, and no date of birth is made of it."
* insert ObservationOfRecord(social-history)
* insert Element(code, 1..1, Age, [[LOINC's code for the age.]])
* code = $LNC#30525-0
* insert NumberOrText([[The age, such as 19 years or 74 months]], [[The age with its unit. What could not be read as a number stays text and says so.]])
