// AdverseEvent of R4: event, date, severity and outcome of required bindings, one identifier.
RuleSet: EventOfRelease
* insert Extended(extension, FurtherIdentifier, identifier, 0..*, [[A further identifier]], [[An identifier beyond the one that R4 has room for.]])
* insert Extended(extension, ElementWithoutCode, withoutCode, 0..1, [[What is known of severity or outcome that has no code]], [[What is known of the severity or the outcome where no code of HL7 can be given: why it is absent, or what was written.]])
* insert Element(event, 1..1, [[What happened]], [[What happened, with what the source wrote as text, or why it is not known.]])
* event from VitiligoFindingValueSet (preferred)
* insert Fact(event)
* insert Element(date, 0..1, [[When it happened]], [[When it happened: a date, an offset from a visit, words, or why it is not known.]])
* insert Moment(date)
* insert Element(severity, 0..1, [[Mild, moderate or severe]], [[How severe the event was.]])
* insert Element(outcome, 0..1, [[What became of it]], [[What became of the event.]])
* insert Said(suspectEntity.instance, [[The treatment it is ascribed to]], [[The treatment that the event is ascribed to.]])
* suspectEntity.instance only Reference(VitiligoProcedure or VitiligoMedication)
* insert Said(suspectEntity.causality, [[How sure the relation is]], [[How sure it is that the event comes of the treatment.]])
