Profile: VitiligoEthnicity
Parent: Observation
Id: vitiligo-ethnicity
Title: "Ethnicity"
Description: "The ethnicity, in the words of the record. There is no code list that holds everywhere, so none is prescribed."
* insert ObservationOfRecord(social-history)
* insert Element(code, 1..1, Ethnicity, [[The project's code for the ethnicity as stated.]])
* code = VitiligoCodeSystem#observation.ethnicity
* insert ConceptOrText([[The ethnicity as stated]], [[The ethnicity as the record states it.]])
