Profile: VitiligoSkinExamination
Parent: Observation
Id: vitiligo-skin-examination
Title: "Skin examination"
Description: "What an examination found of a lesion: its colour, border and edge, how many there are, how large, and the signs of activity. The lesion itself is a body structure."
* insert ObservationOfRecord(exam)
* insert Element(code, 1..1, [[Examination of the skin]], [[SNOMED CT's code for the examination of the skin.]])
* code = $SCT#271303006
* insert Element(focus, 1..1, [[The lesion]], [[The lesion that was examined.]])
* focus only Reference(VitiligoLesion)
* insert Element(value[x], 0..0, [[No value of its own]], [[Each finding is a component.]])
* insert ComponentsByCode
* insert FindingComponent(colour, observation.colour, VitiligoColourValueSet, [[Colour]], [[The colour of the lesion, such as white.]])
* insert FindingComponent(border, observation.border, VitiligoBorderValueSet, [[How sharply it ends]], [[How the lesion and normal skin meet.]])
* insert Open(component[border], [[firm borders may mean well defined or feel firm; such words stay text.]])
* insert FindingComponent(edge, observation.edge, VitiligoEdgeValueSet, [[Outline of the edge]], [[The outline of the lesion, such as irregular.]])
* insert FindingComponent(distribution, observation.distribution, VitiligoDistributionValueSet, [[Distribution]], [[How the lesions lie on the body.]])
* insert TextComponent(multiplicity, observation.lesion-multiplicity, CodeableConcept or string, [[How many, in words]], [[How many lesions there are, in words such as multiple. No number is made of it.]])
* insert NumberComponent(count, observation.lesion-count, [[How many, as a number]], [[How many lesions there are, as a number that was stated.]])
* insert NumberComponent(size, observation.size, [[Size, in cm or cm2]], [[The diameter or the area of the lesion.]])
* insert TextComponent(shape, observation.shape, CodeableConcept or string, [[Shape]], [[The shape of the lesion, as written.]])
* insert TextComponent(variation, observation.lesion-variation, string, [[How patches differ]], [[How the lesions differ from one another, as written.]])
* insert PresenceComponent(leukotrichia, VitiligoCodeSystem#finding.leukotrichia, [[White hair]], [[Whether there is white hair within the lesion.]])
* insert PresenceComponent(koebner, $HPO#HP:6000933, [[Koebner phenomenon]], [[Whether there are lesions where the skin was injured.]])
* insert PresenceComponent(confetti, $HPO#HP:0007449, [[Confetti-like macules]], [[Whether there are confetti-like small macules: a sign of activity.]])
* insert PresenceComponent(haloNaevi, VitiligoCodeSystem#finding.halo-naevus, [[Halo naevi]], [[Whether there are naevi with a white halo.]])
* insert PresenceComponent(mucosal, VitiligoCodeSystem#finding.mucosal-involvement, [[Mucosa]], [[Whether mucosa is involved.]])
