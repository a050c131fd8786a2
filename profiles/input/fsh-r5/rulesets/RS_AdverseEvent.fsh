// AdverseEvent of R5: code, occurrence, no severity (HL7's cross-version extension carries it).
RuleSet: EventOfRelease
* insert Element(code, 1..1, [[What happened]], [[What happened, with what the source wrote as text, or why it is not known.]])
* code from VitiligoFindingValueSet (preferred)
* insert Fact(code)
* insert Element(occurrence[x], 0..1, [[When it happened]], [[When it happened: a date, an offset from a visit, words, or why it is not known.]])
* occurrence[x] only dateTime or Period
* occurrenceDateTime MS
* insert Moment(occurrenceDateTime)
* insert Said(outcome, [[What became of it]], [[What became of the event.]])
* insert Said(suspectEntity.instance[x], [[The treatment it is ascribed to]], [[The treatment that the event is ascribed to.]])
* suspectEntity.instance[x] only Reference(VitiligoProcedure or VitiligoMedication)
* insert Said(suspectEntity.causality, [[How sure the relation is]], [[How sure it is that the event comes of the treatment.]])
