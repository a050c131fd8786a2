// What a condition beside vitiligo has, present or absent.
RuleSet: OtherCondition
* insert OfPatient(subject)
* insert Element(code, 1..1, [[The condition]], [[The condition, with what the source wrote as text, or why it is not known.]])
* code from VitiligoComorbidityValueSet (preferred)
* insert Fact(code)
* insert Element(onset[x], 0..1, [[When it began]], [[When the condition began: a date, an age, an age between two, an offset from a visit, or words.]])
* onset[x] only dateTime or Age or Range or string
* onsetDateTime MS
* insert Moment(onsetDateTime)
* insert Noted
