Profile: VitiligoDlqi
Parent: VitiligoScore
Id: vitiligo-dlqi
Title: "DLQI"
Description: "The Dermatology Life Quality Index, ten questions on the last week (bands: Hongbo 2005), or its form for children."
* code from VitiligoInstrumentDlqiValueSet (extensible)
* code obeys vit-dlqi-3
* obeys vit-dlqi-1
* insert Open(value[x], [[the range of the form for children is not verified, so only the form for adults has one.]])
* insert ItemComponent(item1, instrument-item.dlqi-1, [[Symptoms of the skin]], [[Question 1 of the DLQI, 0 to 3: how much over the last week.]])
* component[item1].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item2, instrument-item.dlqi-2, [[Embarrassment]], [[Question 2 of the DLQI, 0 to 3: how much over the last week.]])
* component[item2].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item3, instrument-item.dlqi-3, [[Shopping, house and garden]], [[Question 3 of the DLQI, 0 to 3: how much over the last week.]])
* component[item3].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item4, instrument-item.dlqi-4, [[Choice of clothes]], [[Question 4 of the DLQI, 0 to 3: how much over the last week.]])
* component[item4].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item5, instrument-item.dlqi-5, [[Social and leisure activities]], [[Question 5 of the DLQI, 0 to 3: how much over the last week.]])
* component[item5].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item6, instrument-item.dlqi-6, [[Sport]], [[Question 6 of the DLQI, 0 to 3: how much over the last week.]])
* component[item6].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item7, instrument-item.dlqi-7, [[Work or study]], [[Question 7 of the DLQI, 0 to 3: how much over the last week.]])
* component[item7].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item8, instrument-item.dlqi-8, [[Partner, friends or relatives]], [[Question 8 of the DLQI, 0 to 3: how much over the last week.]])
* component[item8].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item9, instrument-item.dlqi-9, [[Sexual difficulties]], [[Question 9 of the DLQI, 0 to 3: how much over the last week.]])
* component[item9].valueQuantity obeys vit-dlqi-2
* insert ItemComponent(item10, instrument-item.dlqi-10, [[Burden of treatment]], [[Question 10 of the DLQI, 0 to 3: how much over the last week.]])
* component[item10].valueQuantity obeys vit-dlqi-2

Invariant: vit-dlqi-1
Description: "The total of the DLQI for adults is a whole number from 0 to 30"
Severity: #error
Expression: "code.coding.where(code = 'instrument.dlqi').empty() or value.ofType(Quantity).empty() or value.ofType(Quantity).comparator.exists() or value.ofType(Quantity).value.empty() or (value.ofType(Quantity).value >= 0 and value.ofType(Quantity).value <= 30 and value.ofType(Quantity).value mod 1 = 0)"

Invariant: vit-dlqi-2
Description: "A question of the DLQI is answered by 0, 1, 2 or 3"
Severity: #error
Expression: "comparator.exists() or value.empty() or value = 0 or value = 1 or value = 2 or value = 3"

Invariant: vit-dlqi-3
Description: "The code says DLQI or CDLQI in the code system of the project"
Severity: #error
Expression: "coding.where(system = 'https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo').where(memberOf('https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-instrument-dlqi')).exists()"
