Profile: VitiligoVns
Parent: VitiligoScore
Id: vitiligo-vns
Title: "VNS"
Description: "The Vitiligo Noticeability Scale: how noticeable the patient finds the patches after treatment, compared with before."
* code = VitiligoCodeSystem#instrument.vns
* insert Open(value[x], [[no source that was opened confirms the levels 1 to 5; another number is warned of, not refused.]])
* value[x] obeys vit-vns-1

Invariant: vit-vns-1
Description: "VNS is as a rule a number from 1 to 5"
Severity: #warning
Expression: "ofType(Quantity).all(comparator.exists() or value.empty() or (value >= 1 and value <= 5))"
