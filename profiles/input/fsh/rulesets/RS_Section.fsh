// A section of the case report, told by its heading.
RuleSet: Section(name, heading, types, short)
* section contains {name} 0..1 MS
* section[{name}] ^short = "{short}"
* section[{name}].title = "{heading}"
* section[{name}].entry 1..*
* section[{name}].entry only Reference({types})
