Profile: VitiligoMicroneedling
Parent: VitiligoProcedure
Id: vitiligo-microneedling
Title: "Microneedling"
Description: "Many fine punctures of the skin, as a course with its schedule."
* code 1..1
* code = VitiligoCodeSystem#procedure.microneedling
