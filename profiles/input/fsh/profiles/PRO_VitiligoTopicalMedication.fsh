Profile: VitiligoTopicalMedication
Parent: VitiligoMedication
Id: vitiligo-topical-medication
Title: "Topical treatment"
Description: "The use of a product on the skin."
* category = VitiligoCodeSystem#intervention-kind.topical
