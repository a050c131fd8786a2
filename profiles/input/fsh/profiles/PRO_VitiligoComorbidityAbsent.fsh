Profile: VitiligoComorbidityAbsent
Parent: Condition
Id: vitiligo-comorbidity-absent
Title: "Other condition, stated to be absent"
Description: "The stated absence of another condition of the patient. It is marked as refuted, which every reader of a Condition has to look at."
* insert OtherCondition
* insert Element(verificationStatus, 1..1, [[Refuted: the patient does not have it]], [[Says that the patient does not have the condition.]])
* verificationStatus = $verification#refuted
