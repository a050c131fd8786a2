Profile: VitiligoFVasi
Parent: VitiligoScore
Id: vitiligo-f-vasi
Title: "F-VASI by hand units"
Description: "VASI of the face by hand units, 0 to 3, as drug trials use it. Not the index of the same name that counts fingertip units."
* code = VitiligoCodeSystem#instrument.f-vasi
* value[x] obeys vit-f-vasi-1
* insert ItemComponent(handUnits, instrument-item.vasi-hand-units, [[Hand units of a region]], [[The area of vitiligo in the region, in units of the patient's own palm with fingers, each about one per cent of the body surface.]])
* insert ItemComponent(residual, instrument-item.vasi-residual-depigmentation, [[Residual depigmentation of a region, per cent]], [[How much of the area is without pigment: a step of the ladder 0, 10, 25, 50, 75, 90, 100.]])
* component[handUnits].extension[region].value[x] from VitiligoRegionFVasiValueSet (preferred)
* component[residual].extension[region].value[x] from VitiligoRegionFVasiValueSet (preferred)
* component[handUnits].valueQuantity obeys vit-percent-1
* component[residual].valueQuantity obeys vit-vasi-1

Invariant: vit-f-vasi-1
Description: "F-VASI by hand units is a number from 0 to 3"
Severity: #error
Expression: "ofType(Quantity).all(comparator.exists() or value.empty() or (value >= 0 and value <= 3))"
