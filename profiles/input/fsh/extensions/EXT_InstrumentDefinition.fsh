Extension: InstrumentDefinition
Id: instrument-definition
Title: "Instrument definition"
Description: "Which form of an instrument gave this result. Scores of different variants, versions or region sets are not comparable."
Context: Observation
* insert SubExtension(variant, 0..1, string, The variant of the instrument)
* insert SubExtension(version, 0..1, string, [[The version or publication of the instrument, or its translation]])
* insert SubExtension(regionSet, 0..1, CodeableConcept, The set of body regions that were scored)
