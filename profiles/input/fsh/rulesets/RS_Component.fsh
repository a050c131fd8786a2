// Components of an observation: each is told by its code, and what its value may be follows from what it is.

// A component with a concept of a value set: preferred, since texts and codes of others are lawful.
RuleSet: FindingComponent(name, code, valueSet, short, definition)
* insert Component({name}, {code}, 0..1, CodeableConcept or string, [[{short}]], [[{definition}]])
* component[{name}].value[x] from {valueSet} (preferred)
* component[{name}] obeys vit-component-2

// A component with a number.
RuleSet: NumberComponent(name, code, short, definition)
* insert Component({name}, {code}, 0..1, Quantity or string, [[{short}]], [[{definition}]])
* component[{name}] obeys vit-component-2

// A component with words.
RuleSet: TextComponent(name, code, types, short, definition)
* insert Component({name}, {code}, 0..1, {types}, [[{short}]], [[{definition}]])

// A component that says yes, no or unknown.
RuleSet: YesNoComponent(name, code, short, definition)
* insert Component({name}, {code}, 0..1, boolean or string, [[{short}]], [[{definition}]])
* component[{name}] obeys vit-component-2

// A sign that is present, absent or unknown. Its code may be of any system.
RuleSet: PresenceComponent(name, code, short, definition)
* component contains {name} 0..1 MS
* component[{name}] ^short = "{short}"
* component[{name}] ^definition = "{definition}"
* component[{name}].code = {code}
* component[{name}].value[x] only CodeableConcept or string
* component[{name}].valueCodeableConcept from VitiligoPresenceValueSet (required)
* component[{name}] obeys vit-component-2

// An item of an instrument: any number of times, since regions and repeats are lawful.
RuleSet: ItemComponent(name, code, short, definition)
* insert Component({name}, {code}, 0..*, Quantity or string, [[{short}]], [[{definition}]])
