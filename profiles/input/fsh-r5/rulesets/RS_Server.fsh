// What of the server's requirements is R5's.
RuleSet: ServerOfRelease
* fhirVersion = #5.0.0
* insert ServedType(Citation)
* insert Profile(vitiligo-citation)
* insert Search(identifier, token)

// A published source is a Citation, and the lesion that a photograph shows is its body site.
RuleSet: DocumentsOfRelease
* insert Search(bodysite-reference, reference)
