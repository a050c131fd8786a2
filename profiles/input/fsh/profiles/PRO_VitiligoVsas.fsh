Profile: VitiligoVsas
Parent: VitiligoScore
Id: vitiligo-vsas
Title: "VSAS"
Description: "The Vitiligo Signs of Activity Score (van Geel 2020): how many of fifteen locations show confetti-like lesions, Koebner phenomenon and hypochromic borders."
* code = VitiligoCodeSystem#instrument.vsas
* insert Open(value[x], [[the total of 0 to 45 follows from three signs at fifteen locations; no source confirms it, so other numbers are warned of.]])
* value[x] obeys vit-vsas-1
* insert ItemComponent(confetti, instrument-item.vsas-confetti, [[Locations with confetti-like lesions]], [[At how many of the fifteen locations there are confetti-like lesions.]])
* insert ItemComponent(koebner, instrument-item.vsas-koebner, [[Locations with Koebner phenomenon]], [[At how many of the fifteen locations there is a Koebner phenomenon.]])
* insert ItemComponent(hypochromicBorder, instrument-item.vsas-hypochromic-border, [[Locations with hypochromic borders]], [[At how many of the fifteen locations lesions have hypochromic borders.]])

Invariant: vit-vsas-1
Description: "VSAS is as a rule a number from 0 to 45"
Severity: #warning
Expression: "ofType(Quantity).all(comparator.exists() or value.empty() or (value >= 0 and value <= 45))"
