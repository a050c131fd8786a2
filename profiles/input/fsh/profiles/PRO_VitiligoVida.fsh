Profile: VitiligoVida
Parent: VitiligoScore
Id: vitiligo-vida
Title: "VIDA"
Description: "The Vitiligo Disease Activity score: a grade by how long ago the patient recalls the last activity, from +4 for the last six weeks to -1 for stable with pigment returning of itself."
* code = VitiligoCodeSystem#instrument.vida
* insert Open(value[x], [[no source that was opened confirms the ladder from -1 to +4; a number outside it is warned of, not refused.]])
* value[x] obeys vit-vida-1

Invariant: vit-vida-1
Description: "VIDA is as a rule a number from -1 to 4"
Severity: #warning
Expression: "ofType(Quantity).all(comparator.exists() or value.empty() or (value + 1 >= 0 and value <= 4))"
