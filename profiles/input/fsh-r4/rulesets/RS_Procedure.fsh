// Procedure of R4: performed is when it was, the schedule an extension of HL7.
RuleSet: ProcedureOfRelease
* insert Extended(extension, $procedureSchedule, schedule, 0..1, [[How often and for how long]], [[The schedule of the course, such as every two weeks for nine months.]])
* insert Element(performed[x], 1..1, [[From when to when]], [[When the course began and ended, each as a date, an offset from a visit, words, or why it is not known.]])
* performed[x] only Period or dateTime
* insert AbsentPeriod(performedPeriod)
* insert Said(usedCode, [[The device]], [[What it was done with, as written.]])
* insert Open(usedCode, [[a name such as dermapen may be a brand or a kind of device, so neither a maker nor a depth is given.]])
* insert Said(usedReference, [[The product or device that was used]], [[The product or device that was used with it.]])
* usedReference only Reference(VitiligoProduct or Device)
