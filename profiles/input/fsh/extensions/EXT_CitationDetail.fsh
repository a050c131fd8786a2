Extension: CitationDetail
Id: citation-detail
Title: "Citation detail"
Description: "Where a published source appeared. R5 has Citation for this."
Context: DocumentReference
* insert SubExtension(journal, 0..1, CodeableConcept, The journal)
* insert SubExtension(volume, 0..1, CodeableConcept, The volume)
* insert SubExtension(issue, 0..1, CodeableConcept, The issue)
* insert SubExtension(pages, 0..1, CodeableConcept, The pages)
* insert SubExtension(published, 0..1, CodeableConcept, [[The date of publication, as precise as known]])
* insert SubExtension(licence, 0..1, CodeableConcept, The licence of the source)
