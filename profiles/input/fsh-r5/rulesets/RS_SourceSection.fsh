RuleSet: SourceSection
* insert Section(source, [[Photographs and source]], DocumentReference or Citation or Provenance, [[Photographs, the source and the record itself]])
