Extension: FurtherIdentifier
Id: further-identifier
Title: "Further identifier"
Description: "An identifier beyond the one a resource has room for."
Context: AdverseEvent
* value[x] only Identifier
* value[x] 1..1
