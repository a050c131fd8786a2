Profile: VitiligoVes
Parent: VitiligoScore
Id: vitiligo-ves
Title: "VES"
Description: "The Vitiligo Extent Score, its plus form and its self-assessment: extent chosen from pictures. The pictures are under copyright, so only results are held."
* code from VitiligoInstrumentVesValueSet (extensible)
* code obeys vit-ves-1
* insert ItemComponent(area, instrument-item.ves-area, [[Area of a region]], [[The extent of the region, in per cent of the body surface.]])
* insert ItemComponent(grade, instrument-item.ves-grade, [[Picture grade of a region]], [[The picture that was chosen for the region, as its grade.]])

Invariant: vit-ves-1
Description: "The code says a form of VES in the code system of the project"
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo').where(memberOf('https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-instrument-ves')).exists()"
