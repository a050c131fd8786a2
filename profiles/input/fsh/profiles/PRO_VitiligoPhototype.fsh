Profile: VitiligoPhototype
Parent: Observation
Id: vitiligo-phototype
Title: "Skin phototype"
Description: "The skin phototype after Fitzpatrick, I to VI: how the skin takes the sun, which bears on the dose of phototherapy and on how visible vitiligo is."
* insert ObservationOfRecord(exam)
* insert Element(code, 1..1, Skin phototype, [[LOINC's code for the Fitzpatrick skin phototype.]])
* code = $LNC#66555-4
* insert ConceptOrText([[The phototype, I to VI]], [[The phototype, or a data-absent-reason beside it. What could not be read as one stays text and says so.]])
* valueCodeableConcept from VitiligoPhototypeValueSet (preferred)
