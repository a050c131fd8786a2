Profile: VitiligoScore
Parent: Observation
Id: vitiligo-score
Title: "Score"
Description: "The result of an instrument: which one, in which variant and over which regions, its total, and its parts. Every profile of a single instrument is a child of this one; results of different variants, versions or region sets are not comparable."
* insert ObservationOfRecord(survey)
* insert Extended(extension, InstrumentDefinition, instrument, 0..1, [[Variant, version and region set]], [[Which form of the instrument gave the result, as far as the code does not say it.]])
* extension[instrument].extension[regionSet].value[x] from VitiligoRegionSetValueSet (preferred)
* insert Element(code, 1..1, [[The instrument]], [[The instrument, its variant included, with what the source wrote as text.]])
* code from VitiligoInstrumentValueSet (preferred)
* insert Fact(code)
* insert Element(focus, 0..*, [[The lesions it is of]], [[The lesions that were scored, where it was not the whole patient.]])
* focus only Reference(VitiligoLesion)
* insert NumberOrText([[The total]], [[The total. A number that could not be read stays text and says so; no number is put in its place.]])
* dataAbsentReason ^short = "Why there is no total"
* insert ComponentsByCode
* component ^short = "An item, a region, or an item of a region"
* insert Extended(component.extension, ComponentRegion, region, 0..1, [[The region that was scored]], [[The region that the item was taken of; or yes where the code is itself the region, no where it is an item although it could be read as another thing.]])
* component obeys vit-component-2
* insert Component(rater, observation.rater, 0..1, CodeableConcept or string, Who rated, [[Who rated: clinician, patient, parent, or someone from a photograph.]])
* component[rater].value[x] from VitiligoRaterValueSet (preferred)
* insert Component(band, observation.score-band, 0..1, CodeableConcept or string, What the total means, [[The band of the instrument that the total falls into.]])
* component[band].value[x] from VitiligoDlqiBandValueSet (preferred)
