CodeSystem: ReadingStatusCodeSystem
Id: reading-status
Title: "Reading status"
Description: "How a value in a record relates to what its source says."
* insert OwnCodeSystem
* ^valueSet = Canonical(ReadingStatusValueSet)
* #stated "Stated" "The source says it in so many words."
* #derived "Derived" "It follows from what the source says, by the method named beside it."
* #ambiguous "Ambiguous" "The source can be read in more than one way; the candidates stand beside it."
* #absent "Absent" "The source does not say it."
