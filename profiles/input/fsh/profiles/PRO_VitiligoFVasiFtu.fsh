Profile: VitiligoFVasiFtu
Parent: VitiligoScore
Id: vitiligo-f-vasi-ftu
Title: "F-VASI by fingertip units"
Description: "The index of facial vitiligo that sums fingertip units, 0 to 112. Not the index of the same name that counts hand units."
* code = VitiligoCodeSystem#instrument.f-vasi-ftu
* value[x] obeys vit-f-vasi-ftu-1
* insert ItemComponent(fingertipUnits, instrument-item.f-vasi-fingertip-units, [[Fingertip units of a region]], [[The area of vitiligo in fingertip units, of which one hand has 32.1.]])
* component[fingertipUnits].valueQuantity obeys vit-f-vasi-ftu-1

Invariant: vit-f-vasi-ftu-1
Description: "F-VASI by fingertip units is a number from 0 to 112"
Severity: #error
Expression: "ofType(Quantity).all(comparator.exists() or value.empty() or (value >= 0 and value <= 112))"
