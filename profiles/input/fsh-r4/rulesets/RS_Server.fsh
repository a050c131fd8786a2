// What of the server's requirements is R4's.
RuleSet: ServerOfRelease
* fhirVersion = #4.0.1

// A published source is a DocumentReference, and the lesion that a photograph shows stands in its context.
RuleSet: DocumentsOfRelease
* insert Profile(vitiligo-source)
* insert Search(related, reference)
