Profile: VitiligoBsa
Parent: VitiligoScore
Id: vitiligo-bsa
Title: "Body surface area affected"
Description: "The share of the body surface with vitiligo, per cent. Not the surface of the body in square metres, which LOINC has a code for."
* code = VitiligoCodeSystem#instrument.bsa
* value[x] obeys vit-percent-1
