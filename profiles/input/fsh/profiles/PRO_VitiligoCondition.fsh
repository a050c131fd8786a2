Profile: VitiligoCondition
Parent: Condition
Id: vitiligo-condition
Title: "Vitiligo"
Description: "The vitiligo of a patient: its class and subtype as the Vitiligo Global Issues Consensus Conference of 2012 has them, when it began, where it is and on which side, how certain it is and whether it is active."
* insert Extended(extension, VitiligoSubtype, subtype, 0..1, [[Subtype within the class]], [[The subtype within the class that the code states: acrofacial, mucosal, unisegmental and so on. Only where it is stated.]])
* extension[subtype].value[x] from VitiligoSubtypeValueSet (preferred)
* insert Extended(extension, FacialSegmentalType, facialType, 0..1, [[Type of facial segmental vitiligo]], [[The pattern of segmental vitiligo of the face, I-a to V. Only where it is stated.]])
* extension[facialType].value[x] from VitiligoFacialSegmentalTypeValueSet (preferred)
* insert Extended(extension, ElementWithoutCode, withoutCode, 0..1, [[What is known of a status that has no code]], [[What is known of the clinical or verification status where no code of HL7 can be given: why it is absent, or what was written.]])
* insert Said(clinicalStatus, [[Whether it is active]], [[Whether the vitiligo is active, has come back, is in remission or has resolved. Not the same as the disease activity of a score.]])
* insert Element(verificationStatus, 0..1, [[How certain the diagnosis is]], [[How certain the diagnosis is: unconfirmed, provisional, differential, confirmed or refuted.]])
* insert Element(code, 1..1, [[Class of vitiligo]], [[The class of vitiligo, or any other form that the registry of codes knows, and what the source wrote as text; or why it is not known.]])
* code from VitiligoDiagnosisValueSet (preferred)
* insert Fact(code)
* insert Element(bodySite, 0..*, [[Where it is]], [[The regions of the body with vitiligo. A lesion that is followed by itself is a body structure.]])
* bodySite from VitiligoSiteValueSet (preferred)
* insert Extended(bodySite.extension, Laterality, laterality, 0..1, [[The side of this site]], [[The side, where the source states it of this very site.]])
* bodySite.extension[laterality].value[x] from VitiligoSideValueSet (required)
* insert Open(bodySite.extension[laterality], [[in a phrase such as the right side of his face, cheeks and nose the scope of the side is not settled; it is given to the first site alone.]])
* insert OfPatient(subject)
* insert AtVisit(encounter)
* insert Element(onset[x], 0..1, [[When it began]], [[When the vitiligo began: a date, an age, an age between two, an offset from a visit, or words.]])
* onset[x] only dateTime or Age or Range or string
* onsetDateTime MS
* insert Moment(onsetDateTime)
* insert Element(abatement[x], 0..1, [[When it ended]], [[When the vitiligo ended, with a clinical status that says so.]])
* abatement[x] only dateTime or Age or Range or string
* abatementDateTime MS
* insert Moment(abatementDateTime)
* stage MS
* insert Element(stage.assessment, 0..*, [[The scores that stage it]], [[The scores that say how far the vitiligo has come.]])
* stage.assessment only Reference(VitiligoScore)
* insert Element(note, 0..*, [[How it developed]], [[How the vitiligo developed, as written.]])
