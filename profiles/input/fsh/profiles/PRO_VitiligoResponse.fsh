Profile: VitiligoResponse
Parent: Observation
Id: vitiligo-response
Title: "Response"
Description: "What came of a treatment, in words or in numbers: repigmentation, trend, pattern, colour, an endpoint, and whether it lasted. It is never computed from an ambiguous score."
* insert ObservationOfRecord(exam)
* insert Element(code, 1..1, [[Repigmentation]], [[The project's code for the response to treatment.]])
* code = VitiligoCodeSystem#observation.repigmentation
* insert Element(focus, 0..*, [[The lesions it is of]], [[The lesions that responded, where it was not the whole patient.]])
* focus only Reference(VitiligoLesion)
* insert Said(partOf, [[The treatments it is a response to]], [[The treatments that it is a response to.]])
* insert Element(derivedFrom, 0..*, [[The scores it was computed from]], [[The scores that it was computed from, the baseline first.]])
* derivedFrom only Reference(VitiligoScore)
* insert Element(value[x], 0..1, [[Per cent, band or words]], [[The first of these that is known: per cent repigmented, the band, the words.]])
* value[x] only Quantity or CodeableConcept or string
* valueQuantity MS
* valueCodeableConcept MS
* valueCodeableConcept from VitiligoQuartileValueSet (preferred)
* valueString MS
* insert ComponentsByCode
* insert NumberComponent(percent, observation.repigmentation-percent, [[Per cent repigmented]], [[The share in which pigment has returned, where it is not the value.]])
* insert FindingComponent(quartile, observation.repigmentation-quartile, VitiligoQuartileValueSet, [[Band of repigmentation]], [[Repigmentation as one of the bands 0-25, 26-50, 51-79 and 80-100 per cent, where it is not the value.]])
* insert TextComponent(description, observation.response-description, string, [[The response in words]], [[The response as it was written, where it is not the value.]])
* insert FindingComponent(trend, observation.trend, VitiligoTrendValueSet, [[Improved, stable or worsened]], [[Whether the vitiligo has become better or worse. Where treatment removes the pigment that is left, better does not mean more pigment.]])
* insert FindingComponent(pattern, observation.repigmentation-pattern, VitiligoResponsePatternValueSet, [[How pigment returned]], [[Around the hair follicles, from the margin, diffusely.]])
* insert FindingComponent(colourMatch, observation.colour-match, VitiligoColourMatchValueSet, [[How the colour fits]], [[How the new pigment compares with the skin around it.]])
* insert FindingComponent(endpoint, observation.response-threshold, VitiligoResponseThresholdValueSet, [[Endpoint]], [[The endpoint of a trial, such as a fall of F-VASI by 75 per cent.]])
* insert YesNoComponent(endpointReached, observation.response-threshold-reached, [[Whether the endpoint was reached]], [[Whether the endpoint was reached.]])
* insert NumberComponent(improvement, observation.percent-improvement, [[Per cent improvement of the score]], [[The fall of a score from baseline as a share of the baseline, with the scores that it was computed from.]])
* insert YesNoComponent(maintained, observation.maintenance, [[Whether pigment was kept]], [[Whether the pigment that had returned has stayed.]])
* insert NumberComponent(maintainedFor, observation.maintenance-duration, [[How long pigment was kept]], [[For how long the pigment that had returned has stayed.]])
* insert FindingComponent(rater, observation.rater, VitiligoRaterValueSet, Who judged, [[Who judged: clinician, patient, parent, or someone from a photograph.]])
