// A value that is a number. What could not be read as one stays text and says so.
RuleSet: NumberOrText(short, definition)
* insert Element(value[x], 0..1, [[{short}]], [[{definition}]])
* value[x] only Quantity or string
* valueQuantity MS
* insert Fact(valueQuantity)
* insert WrittenText
* dataAbsentReason MS

// A value that is a concept. What could not be read as one stays text and says so.
RuleSet: ConceptOrText(short, definition)
* insert Element(value[x], 0..1, [[{short}]], [[{definition}]])
* value[x] only CodeableConcept or string
* valueCodeableConcept MS
* insert Fact(valueCodeableConcept)
* insert WrittenText
* dataAbsentReason MS

RuleSet: WrittenText
* valueString MS
* valueString ^short = "What was written and could not be read"
* valueString obeys vit-written-1

// The value of an observation whose whole point is that something is not there.
RuleSet: AbsentValue
* insert Element(value[x], 1..1, [[Absent]], [[Says that it was looked for, or asked for, and is not there.]])
* value[x] only CodeableConcept
* valueCodeableConcept = $SCT#2667000
