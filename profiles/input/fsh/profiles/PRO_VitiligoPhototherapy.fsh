Profile: VitiligoPhototherapy
Parent: VitiligoProcedure
Id: vitiligo-phototherapy
Title: "Phototherapy"
Description: "Treatment with ultraviolet or other light, as a course with its schedule, the dose of a session and of the course."
* code 1..1
* code from VitiligoProcedurePhototherapyValueSet (extensible)
* code obeys vit-phototherapy-1

Invariant: vit-phototherapy-1
Description: "The code says a phototherapy in the code system of the project"
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo').where(memberOf('https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-procedure-phototherapy')).exists()"
