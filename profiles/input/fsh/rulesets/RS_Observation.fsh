// HL7's category of an observation, beside which others may stand.
RuleSet: Category(category)
* category ^slicing.discriminator.type = #value
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* insert Element(category, 1..*, Category, [[HL7's category, so that general systems find the observation.]])
* category contains {category} 1..1 MS
* category[{category}] = $observationCategory#{category}
* category[{category}] ^short = "HL7's category {category}"

// What observations of a vitiligo record have in common: the patient, the visit, and a time, even where no date is known.
RuleSet: ObservationOfRecord(category)
* insert Category({category})
* status MS
* insert OfPatient(subject)
* insert AtVisit(encounter)
* insert Element(effective[x], 1..1, When it was observed, [[When it was observed: a date, or an offset from a visit, or why no time is known. A date is never made up.]])
* effective[x] only dateTime or Period
* effectiveDateTime MS
* insert Moment(effectiveDateTime)
* insert Noted

// Parts of an observation, told apart by their code.
RuleSet: ComponentsByCode
* component ^slicing.discriminator.type = #value
* component ^slicing.discriminator.path = "code"
* component ^slicing.rules = #open
* component MS
* component obeys vit-component-1

// One part: what it is of (the code of the project for it), how often, the types of its value, what it says.
RuleSet: Component(name, code, cardinality, types, short, definition)
* component contains {name} {cardinality} MS
* component[{name}] ^short = "{short}"
* component[{name}] ^definition = "{definition}"
* component[{name}].code = VitiligoCodeSystem#{code}
* component[{name}].value[x] only {types}
