// Whole cases: entries told apart by the type of their resource, one patient, one record.
RuleSet: CaseBundle(type)
* insert Element(type, 1..1, [[{type}]], [[The case is sent as a {type}.]])
* type = #{type}
* insert Element(entry, 1..*, [[The resources of the case]], [[Every resource of one case.]])
* entry ^slicing.discriminator.type = #type
* entry ^slicing.discriminator.path = "resource"
* entry ^slicing.rules = #open
* insert Element(entry.fullUrl, 1..1, [[Address of the resource]], [[The address by which the other entries refer to it.]])
* entry contains patient 1..1 MS and record 1..1 MS
* insert CaseEntry(patient, VitiligoPatient, [[The patient, exactly one]])
* insert CaseEntry(record, VitiligoProvenance, [[The record as a whole]])

RuleSet: CaseEntry(name, profile, short)
* entry[{name}] ^short = "{short}"
* entry[{name}].resource 1..1
* entry[{name}].resource only {profile}

RuleSet: FurtherEntry(name, profile, short)
* entry contains {name} 0..* MS
* insert CaseEntry({name}, {profile}, [[{short}]])

// The types of which a case has only one profile.
RuleSet: CaseEntries
* insert FurtherEntry(visit, VitiligoVisit, [[A visit or other time point]])
* insert FurtherEntry(lesion, VitiligoLesion, [[A lesion]])
* insert FurtherEntry(event, VitiligoAdverseEvent, [[An adverse event]])
* insert FurtherEntry(relative, VitiligoFamilyHistory, [[A relative with a condition]])
