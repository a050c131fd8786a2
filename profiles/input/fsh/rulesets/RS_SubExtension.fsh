// A part of a complex extension: its name, how often, its type, and what it holds.
// Text with a comma goes in double square brackets.
RuleSet: SubExtension(name, cardinality, type, short)
* extension contains {name} {cardinality}
* extension[{name}] ^short = "{short}"
* extension[{name}].value[x] only {type}
* extension[{name}].value[x] 1..1
