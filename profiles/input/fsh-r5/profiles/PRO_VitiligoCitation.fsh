Profile: VitiligoCitation
Parent: Citation
Id: vitiligo-citation
Title: "Source"
Description: "The publication, registry or chart that the record comes from. Its authors are not who treated the patient. R4 has no Citation; there it is a document reference."
* status MS
* insert Said(description, [[Citation as written]], [[The citation as written.]])
* insert Said(copyright, [[Licence]], [[The licence of the source.]])
* citedArtifact MS
* insert Element(citedArtifact.identifier, 0..1, [[DOI]], [[The digital object identifier, without the resolver.]])
* insert Element(citedArtifact.title, 0..1, [[Title]], [[The title.]])
* insert Element(citedArtifact.abstract, 0..1, [[Text]], [[The text of the source that facts point into.]])
* insert Element(citedArtifact.publicationForm, 0..1, [[Where it appeared]], [[Journal, volume, issue, pages, date and language.]])
* insert Said(citedArtifact.contributorship.entry.contributor, [[Who wrote it]], [[Who wrote it, by name alone.]])
* insert Element(citedArtifact.contributorship.entry.contributor.reference, 0..0, [[No reference to a practitioner]], [[An author is not who treated the patient.]])
