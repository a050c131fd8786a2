Profile: VitiligoVasi
Parent: VitiligoScore
Id: vitiligo-vasi
Title: "VASI"
Description: "The Vitiligo Area Scoring Index (Hamzavi 2004), of the body or of stated regions: the sum over the regions of hand units times residual depigmentation, 0 to 100."
* code from VitiligoInstrumentVasiValueSet (extensible)
* code obeys vit-vasi-2
* value[x] obeys vit-percent-1
* insert Open(extension[instrument], [[nine forms of VASI are in the literature and differ in their regions: without a region set two results are not comparable.]])
* insert ItemComponent(handUnits, instrument-item.vasi-hand-units, [[Hand units of a region]], [[The area of vitiligo in the region, in units of the patient's own palm with fingers, each about one per cent of the body surface.]])
* insert ItemComponent(residual, instrument-item.vasi-residual-depigmentation, [[Residual depigmentation of a region, per cent]], [[How much of the area is without pigment: a step of the ladder 0, 10, 25, 50, 75, 90, 100.]])
* component[handUnits].extension[region].value[x] from VitiligoRegionVasiValueSet (preferred)
* component[residual].extension[region].value[x] from VitiligoRegionVasiValueSet (preferred)
* component[handUnits].valueQuantity obeys vit-percent-1
* component[residual].valueQuantity obeys vit-vasi-1

Invariant: vit-vasi-1
Description: "Residual depigmentation in VASI is a step of the ladder 0, 10, 25, 50, 75, 90, 100"
Severity: #error
Expression: "comparator.exists() or value.empty() or value = 0 or value = 10 or value = 25 or value = 50 or value = 75 or value = 90 or value = 100"

Invariant: vit-vasi-2
Description: "The code says VASI or T-VASI in the code system of the project"
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo').where(memberOf('https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-instrument-vasi')).exists()"
