Profile: VitiligoGrafting
Parent: VitiligoProcedure
Id: vitiligo-grafting
Title: "Grafting"
Description: "Transfer of tissue or cells of the patient to the patches, with the donor site."
* code 1..1
* code from VitiligoProcedureGraftValueSet (extensible)
* code obeys vit-grafting-1

Invariant: vit-grafting-1
Description: "The code says a grafting in the code system of the project"
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo').where(memberOf('https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-procedure-graft')).exists()"
