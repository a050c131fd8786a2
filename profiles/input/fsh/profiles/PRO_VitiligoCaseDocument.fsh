Profile: VitiligoCaseDocument
Parent: Bundle
Id: vitiligo-case-document
Title: "Case as a document"
Description: "All resources of one case, put together at a stated time under a case report with headings: to be signed, kept and read by people."
* insert CaseBundle(document)
* insert Element(identifier, 1..1, [[Name of the document]], [[The name by which the document is known for good.]])
* insert Element(timestamp, 1..1, [[When it was put together]], [[When the document was put together.]])
* entry contains caseReport 1..1 MS
* insert CaseEntry(caseReport, VitiligoCaseReport, [[The head of the document, with its sections]])
* insert CaseEntries
