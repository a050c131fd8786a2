Profile: VitiligoFamilyHistoryAbsent
Parent: Observation
Id: vitiligo-family-history-absent
Title: "Relative without a condition"
Description: "The stated absence of a condition in a relative. It says no more than it states: of other relatives and other conditions nothing is known."
* insert ObservationOfRecord(social-history)
* insert Element(code, 1..1, [[Family history]], [[The project's code for the family history.]])
* code = VitiligoCodeSystem#observation.family-history
* insert AbsentValue
* insert ComponentsByCode
* component obeys vit-component-2
* insert Component(relation, observation.family-relation, 1..1, CodeableConcept or string, [[The relative]], [[How the relative is related to the patient.]])
* component[relation].value[x] from VitiligoRelationValueSet (preferred)
* insert Component(condition, observation.family-condition, 0..1, CodeableConcept or string, [[What they do not have]], [[The condition that is stated not to be there. Without it, vitiligo.]])
* component[condition].value[x] from VitiligoComorbidityValueSet (preferred)
