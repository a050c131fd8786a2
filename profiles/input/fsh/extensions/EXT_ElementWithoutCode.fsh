Extension: ElementWithoutCode
Id: element-without-code
Title: "Element without code"
Description: "What is known of an element whose binding demands a code, where there is none: its data-absent-reason, or what was written and how it was read. One part for each element, by the element's name in R4."
Context: Condition, AdverseEvent, Attachment
* insert SubExtension(clinicalStatus, 0..1, CodeableConcept, Condition.clinicalStatus)
* insert SubExtension(verificationStatus, 0..1, CodeableConcept, Condition.verificationStatus)
* insert SubExtension(severity, 0..1, CodeableConcept, AdverseEvent.severity)
* insert SubExtension(outcome, 0..1, CodeableConcept, AdverseEvent.outcome)
* insert SubExtension(contentType, 0..1, CodeableConcept, Attachment.contentType)
