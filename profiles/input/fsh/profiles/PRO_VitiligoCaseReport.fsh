Profile: VitiligoCaseReport
Parent: Composition
Id: vitiligo-case-report
Title: "Case report"
Description: "The head of a document that holds a whole case. Its sections follow the headings of the CARE guideline for case reports; a heading with nothing under it is left out."
* status MS
* insert Element(type, 1..1, [[Case report]], [[The project's code for a case report.]])
* type = VitiligoCodeSystem#document.case-report
* insert OfPatient(subject)
* date MS
* date.extension contains $absent named absent 0..1
* author MS
* title MS
* insert Element(section, 1..*, [[A heading with what is under it]], [[A heading of the guideline, with the resources under it and what they say in words.]])
* section ^slicing.discriminator.type = #value
* section ^slicing.discriminator.path = "title"
* section ^slicing.rules = #open
* insert Element(section.title, 1..1, [[The heading]], [[The heading.]])
* insert Element(section.text, 1..1, [[In words]], [[What is under the heading, in words.]])
* insert Element(section.section, 0..0, [[No headings below a heading]], [[The guideline has one level of headings.]])
* insert Section(patient, [[Patient information]], FamilyMemberHistory, [[Relatives and their conditions]])
* insert Section(findings, [[Clinical findings]], BodyStructure or Encounter, [[Lesions and visits]])
* insert Section(diagnosis, [[Diagnostic assessment]], Condition, [[The vitiligo and other conditions]])
* insert Section(treatment, [[Therapeutic intervention]], Procedure or MedicationStatement or Medication, [[Treatments and products]])
* insert Section(followUp, [[Follow-up and outcomes]], Observation or AdverseEvent, [[Scores, findings, responses and events]])
* insert SourceSection
