Profile: VitiligoComorbidity
Parent: Condition
Id: vitiligo-comorbidity
Title: "Other condition"
Description: "Another condition of the patient, such as a disease of the thyroid. One that the patient does not have is a profile of its own, so that nobody takes it for a present one."
* insert OtherCondition
* insert Element(verificationStatus, 0..1, [[How certain it is]], [[How certain the condition is, where that is stated. Never refuted.]])
* verificationStatus obeys vit-comorbidity-1

Invariant: vit-comorbidity-1
Description: "A condition that the patient has is not refuted"
Severity: #error
Expression: "coding.where(system = 'http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'refuted').empty()"
