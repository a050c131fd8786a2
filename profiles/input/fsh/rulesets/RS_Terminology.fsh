// What every code system of the project states of itself.
RuleSet: OwnCodeSystem
* ^experimental = false
* ^caseSensitive = true
* ^content = #complete

// What every value set of the project states of itself.
RuleSet: OwnValueSet
* ^experimental = false
