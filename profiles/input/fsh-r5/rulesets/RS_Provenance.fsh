// The source is a citation in R5.
RuleSet: ProvenanceOfRelease
* entity.what only Reference(VitiligoCitation)
