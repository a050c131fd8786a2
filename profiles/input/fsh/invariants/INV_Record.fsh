// Rules that several profiles have.

Invariant: vit-moment-1
Description: "A time without a date says from where it is counted, what was written, or why it is not known"
Severity: #error
Expression: "hasValue() or extension.where(url = 'http://hl7.org/fhir/StructureDefinition/cqf-relativeDateTime' or url = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason' or url = 'http://hl7.org/fhir/StructureDefinition/originalText' or url = 'https://w3id.org/fhir-vitiligo/StructureDefinition/moment-text').exists()"

Invariant: vit-component-1
Description: "A part of an observation has a value, or says why it has none"
Severity: #error
Expression: "value.exists() or dataAbsentReason.exists()"

Invariant: vit-written-1
Description: "A value that stands as text instead of a number or a code says that it is what was written and could not be read"
Severity: #error
Expression: "hasValue() and extension.where(url = 'https://w3id.org/fhir-vitiligo/StructureDefinition/reading').extension.where(url = 'status' and value = 'ambiguous').exists()"

Invariant: vit-component-2
Description: "A part that stands as text instead of a number or a code says that it is what was written and could not be read"
Severity: #error
Expression: "value.ofType(string).empty() or value.ofType(string).extension.where(url = 'https://w3id.org/fhir-vitiligo/StructureDefinition/reading').extension.where(url = 'status' and value = 'ambiguous').exists()"
