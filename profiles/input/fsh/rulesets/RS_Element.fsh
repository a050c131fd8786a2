// What a profile says of an element, in few words and in a sentence; and how often, where it says so.
RuleSet: Said(path, short, definition)
* {path} MS
* {path} ^short = "{short}"
* {path} ^definition = "{definition}"

RuleSet: Element(path, cardinality, short, definition)
* {path} {cardinality}
* insert Said({path}, [[{short}]], [[{definition}]])

// An extension in the place where it is used.
RuleSet: Extended(path, extension, name, cardinality, short, definition)
* {path} contains {extension} named {name} {cardinality} MS
* {path}[{name}] ^short = "{short}"
* {path}[{name}] ^definition = "{definition}"

// What nobody has settled yet: documentation shows it beside the element.
RuleSet: Open(path, question)
* {path} ^comment = "Open question: {question}"

// The patient, by a reference and as often as FHIR says.
RuleSet: OfPatient(path)
* insert Element({path}, 1..1, The patient, The person whose vitiligo this is about.)
* {path} only Reference(VitiligoPatient)

// The visit, or other anchor in time, that something belongs to.
RuleSet: AtVisit(path)
* insert Element({path}, 0..1, The visit, [[The visit or other time point of the record that this belongs to.]])
* {path} only Reference(VitiligoVisit)

RuleSet: Noted
* insert Element(note, 0..*, Remark, A remark in words.)
