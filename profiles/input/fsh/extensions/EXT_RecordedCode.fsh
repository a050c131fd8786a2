Extension: RecordedCode
Id: recorded-code
Title: "Recorded code"
Description: "A code as the source wrote it, kept but not asserted: its check digit fails, it is retired, or nobody has verified that it means this."
Context: CodeableConcept, Coding
* insert SubExtension(system, 0..1, string, [[The code system as the source names it, by name or address]])
* insert SubExtension(code, 1..1, string, [[The code, character for character]])
* insert SubExtension(display, 0..1, string, The words that the source gives with the code)
* insert SubExtension(version, 0..1, string, The version of the code system that the source states)
