RuleSet: SourceSection
* insert Section(source, [[Photographs and source]], DocumentReference or Provenance, [[Photographs, the source and the record itself]])
