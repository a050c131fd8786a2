Profile: VitiligoMedication
Parent: MedicationStatement
Id: vitiligo-medication
Title: "Use of a product"
Description: "The use of a product over a course: on the skin, in the body, as camouflage or to remove pigment, with its dose and schedule as stated. Only what is known is said: neither that the patient took it as agreed nor for how long."
* insert KindOfTreatment
* insert TreatmentOfRecord
* status MS
* insert Extended(extension, TreatedLesion, lesion, 0..*, [[The lesion it was applied to]], [[A lesion that the product was applied to.]])
* extension[lesion].value[x] only Reference(VitiligoLesion)
* insert Element(effective[x], 1..1, [[From when to when]], [[When the course began and ended, each as a date, an offset from a visit, words, or why it is not known.]])
* effective[x] only Period or dateTime
* insert AbsentPeriod(effectivePeriod)
* insert Said(dosage, [[How it was used]], [[Dose, schedule, route and site of each use.]])
* dosage.text MS
* dosage.timing MS
* insert Said(dosage.route, [[Route]], [[How the product enters or meets the body.]])
* dosage.route from VitiligoRouteValueSet (preferred)
* insert Said(dosage.site, [[Where it was applied]], [[Where the product was applied, as written.]])
* dosage.doseAndRate.dose[x] MS
* insert Said(partOf, [[The course it is a part of]], [[The course of treatment that this use is a part of, such as the microneedling it went with.]])
* partOf only Reference(VitiligoProcedure or VitiligoMedication)
* insert MedicationOfRelease
