// The source is a document reference in R4.
RuleSet: ProvenanceOfRelease
* entity.what only Reference(VitiligoSource)
