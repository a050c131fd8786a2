// Encounter of R5: classes as concepts, none of them demanded, and the period by another name.
RuleSet: VisitOfRelease
* insert Element(class, 0..*, [[Clinic, home, hospital or remote]], [[Where the patient was seen, if that is stated.]])
* insert Element(serviceType, 0..*, [[Clinic or service]], [[The clinic or service as the source names it.]])
* insert Element(actualPeriod, 0..1, [[When it was]], [[The time of the visit: a date, an offset from another visit, words, or why it is not known.]])
* actualPeriod.extension contains $absent named absent 0..1 MS
* actualPeriod.extension[absent] ^short = "Why the time of the visit is not known"
* actualPeriod.start MS
* insert Moment(actualPeriod.start)
