Profile: VitiligoProvenance
Parent: Provenance
Id: vitiligo-provenance
Title: "Record"
Description: "The record as a whole: which resources were made of it and from which source, what it says of itself, and the ledger of what no resource carries."
* insert Extended(extension, CaseHeader, case, 1..1, [[What the record says of itself]], [[The id of the case, what kind of record it is, consent, de-identification, and what other systems call it.]])
* insert Extended(extension, UnmappedStatement, unmapped, 0..*, [[What no resource carries]], [[A statement of the source that no resource carries, with the reason: the ledger of losses.]])
* insert Said(target, [[What was made of the record]], [[Every resource that was made of the record.]])
* insert Said(recorded, [[When the conversion was made]], [[When the conversion was made, not when anything was observed.]])
* recorded.extension contains $absent named absent 0..1
* insert Said(agent, [[What made the conversion]], [[The software that made the conversion.]])
* insert Element(entity, 0..1, [[The source]], [[Where the record comes from.]])
* entity.role = #source
* insert ProvenanceOfRelease
