Extension: Reading
Id: reading
Title: "Reading"
Description: "How a value was read from its source: where it stands, and what else it could mean. What was written there is HL7's originalText. Stands on the element that carries the value."
Context: Element
* insert SubExtension(status, 0..1, code, stated | derived | ambiguous | absent)
* extension[status].value[x] from ReadingStatusValueSet (required)
* insert SubExtension(method, 0..1, string, How the value was made from what was written)
* insert SubExtension(start, 0..1, unsignedInt, [[First character in the source text, counted from 0]])
* insert SubExtension(end, 0..1, unsignedInt, [[Character after the last in the source text, counted from 0]])
* extension contains candidate 0..*
* extension[candidate] ^short = "Another value that the same words allow"
* extension[candidate].extension contains value 1..1 and method 0..1
* extension[candidate].extension[value] ^short = "The value"
* extension[candidate].extension[value].value[x] only string
* extension[candidate].extension[value].value[x] 1..1
* extension[candidate].extension[method] ^short = "How that value was made from what was written"
* extension[candidate].extension[method].value[x] only string
* extension[candidate].extension[method].value[x] 1..1
