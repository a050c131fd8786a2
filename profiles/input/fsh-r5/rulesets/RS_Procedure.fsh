// Procedure of R5: occurrence is the schedule, or when it was; then the extension says when.
RuleSet: ProcedureOfRelease
* insert Element(occurrence[x], 1..1, [[Schedule, or from when to when]], [[The schedule of the course, or, where none is known, when it began and ended, or why that is not known.]])
* occurrence[x] only Timing or Period or dateTime
* insert AbsentPeriod(occurrencePeriod)
* insert Extended(extension, TreatmentPeriod, period, 0..1, [[From when to when]], [[When the course began and ended, where its schedule is known too.]])
* insert Said(used, [[The device or product that was used]], [[What it was done with.]])
* insert Open(used, [[a name such as dermapen may be a brand or a kind of device, so neither a maker nor a depth is given.]])
