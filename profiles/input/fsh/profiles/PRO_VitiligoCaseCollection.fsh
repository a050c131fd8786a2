Profile: VitiligoCaseCollection
Parent: Bundle
Id: vitiligo-case-collection
Title: "Case as a collection"
Description: "All resources of one case, to be read: a file, a test case, what a query gave."
* insert CaseBundle(collection)
* insert CaseEntries
