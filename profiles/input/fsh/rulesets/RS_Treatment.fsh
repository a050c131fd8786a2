// What a course of treatment has, whether a product is used or something is done.
RuleSet: TreatmentOfRecord
* insert OfPatient(subject)
* insert Extended(extension, TreatmentSetting, setting, 0..1, [[Clinic, home, hospital or remote]], [[Where the treatment takes place.]])
* extension[setting].value[x] from VitiligoSettingValueSet (preferred)
* insert Extended(extension, CumulativeDose, cumulativeDose, 0..1, [[Dose of the whole course]], [[The dose of the whole course so far, as stated.]])
* insert Extended(extension, SessionsDone, sessionsDone, 0..1, [[Sessions given]], [[How many sessions were given, as stated. Never computed from a schedule.]])
* insert Noted

// Its kind, on an element that R4 has once and R5 any number of times.
RuleSet: KindOfTreatment
* insert Element(category, 1..1, [[Kind of treatment]], [[Topical, systemic, phototherapy, laser, surgery and so on.]])
* category from VitiligoInterventionKindValueSet (required)
