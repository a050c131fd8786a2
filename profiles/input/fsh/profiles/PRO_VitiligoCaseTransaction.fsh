Profile: VitiligoCaseTransaction
Parent: Bundle
Id: vitiligo-case-transaction
Title: "Case as a transaction"
Description: "All resources of one case, to be loaded into a server at once: all of them or none. Each is put at an id that the case gives it, so that loading a case again updates it."
* insert CaseBundle(transaction)
* insert CaseEntries
* insert Said(entry.request.method, [[PUT]], [[Loading a case again updates its resources and doubles none.]])
* entry.request.method = #PUT
