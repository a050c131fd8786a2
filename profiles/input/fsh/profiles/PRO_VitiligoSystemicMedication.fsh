Profile: VitiligoSystemicMedication
Parent: VitiligoMedication
Id: vitiligo-systemic-medication
Title: "Systemic treatment"
Description: "The use of a drug that acts through the whole body."
* category = VitiligoCodeSystem#intervention-kind.systemic
