Profile: VitiligoSource
Parent: DocumentReference
Id: vitiligo-source
Title: "Source"
Description: "The publication, registry or chart that the record comes from. It is about no patient, and its authors are not who treated the patient. R5 has Citation for it."
* status MS
* insert Said(masterIdentifier, [[DOI]], [[The digital object identifier, without the resolver.]])
* insert Element(subject, 0..0, [[About no patient]], [[A source is where facts come from, not a fact about a patient.]])
* insert Said(author, [[Who wrote it]], [[Who wrote it, by name alone.]])
* insert Element(author.reference, 0..0, [[No reference to a practitioner]], [[An author is not who treated the patient.]])
* insert Said(description, [[Citation as written]], [[The citation as written.]])
* insert Extended(extension, CitationDetail, citation, 0..1, [[Journal, volume, issue, pages, date, licence]], [[Where and when the source appeared.]])
* insert Element(content, 1..1, [[Title, address, language, text]], [[The source itself: its title, where it can be read, its language and its text.]])
* content.attachment MS
