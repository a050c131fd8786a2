ValueSet: ReadingStatusValueSet
Id: reading-status
Title: "Reading status"
Description: "All codes for how a value in a record relates to what its source says."
* insert OwnValueSet
* include codes from system ReadingStatusCodeSystem
