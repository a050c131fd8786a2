Extension: CaseHeader
Id: case-header
Title: "Case header"
Description: "What the case record says of itself as a whole."
Context: Provenance
* insert SubExtension(kind, 0..1, code, [[What kind of record the case was, such as a case report or a registry entry]])
* insert SubExtension(consent, 0..1, string, What the record says about consent)
* insert SubExtension(language, 0..1, code, [[The language of the record, as a BCP 47 tag]])
