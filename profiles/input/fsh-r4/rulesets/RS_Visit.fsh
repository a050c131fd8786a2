// Encounter of R4: one class that has to be there, and the period.
RuleSet: VisitOfRelease
* insert Element(class, 1..1, [[Clinic, home, hospital or remote]], [[Where the patient was seen. Where that is not stated, a data-absent-reason stands in place of the code.]])
* insert Fact(class)
* insert Element(serviceType, 0..1, [[Clinic or service]], [[The clinic or service as the source names it.]])
* insert Element(period, 0..1, [[When it was]], [[The time of the visit: a date, an offset from another visit, words, or why it is not known.]])
* period.extension contains $absent named absent 0..1 MS
* period.extension[absent] ^short = "Why the time of the visit is not known"
* period.start MS
* insert Moment(period.start)
