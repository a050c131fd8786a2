Profile: VitiligoVetf
Parent: VitiligoScore
Id: vitiligo-vetf
Title: "VETF assessment"
Description: "The assessment of the Vitiligo European Task Force (Taïeb and Picardo 2007): extent, staging and spreading of each of five regions, or the composite form of it."
* code from VitiligoInstrumentVetfValueSet (extensible)
* code obeys vit-vetf-3
* insert Open(value[x], [[no source defines one total of the three dimensions; papers print one all the same, so no range is demanded of it.]])
* insert ItemComponent(extent, instrument-item.vetf-extent, [[Extent of a region, per cent]], [[The share of the body surface that is affected in the region, by the rule of nines.]])
* insert ItemComponent(staging, instrument-item.vetf-staging, [[Stage of a region, 0 to 3]], [[The stage of the largest macule of the region: 0 normal, 1 incomplete depigmentation, 2 complete with less than 30 % white hair, 3 complete with more.]])
* insert ItemComponent(spreading, instrument-item.vetf-spreading, [[Spreading of a region, -1 to +1]], [[Under Wood's lamp: +1 progressive, 0 stable, -1 regressive.]])
* component[extent].extension[region].value[x] from VitiligoRegionVetfValueSet (preferred)
* component[staging].extension[region].value[x] from VitiligoRegionVetfValueSet (preferred)
* component[spreading].extension[region].value[x] from VitiligoRegionVetfValueSet (preferred)
* component[extent].valueQuantity obeys vit-percent-1
* component[staging].valueQuantity obeys vit-vetf-1
* component[spreading].valueQuantity obeys vit-vetf-2

Invariant: vit-vetf-1
Description: "A stage of VETF is 0, 1, 2 or 3"
Severity: #error
Expression: "comparator.exists() or value.empty() or value = 0 or value = 1 or value = 2 or value = 3"

Invariant: vit-vetf-2
Description: "Spreading in VETF is -1, 0 or 1"
Severity: #error
Expression: "comparator.exists() or value.empty() or value + 1 = 0 or value = 0 or value = 1"

Invariant: vit-vetf-3
Description: "The code says a form of VETF in the code system of the project"
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo').where(memberOf('https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-instrument-vetf')).exists()"
