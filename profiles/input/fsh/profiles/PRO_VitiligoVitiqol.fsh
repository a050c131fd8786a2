Profile: VitiligoVitiqol
Parent: VitiligoScore
Id: vitiligo-vitiqol
Title: "VitiQoL"
Description: "The questionnaire on the quality of life with vitiligo."
* code = VitiligoCodeSystem#instrument.vitiqol
* insert Open(value[x], [[no source that was opened confirms the range of the total, so any number is accepted.]])
