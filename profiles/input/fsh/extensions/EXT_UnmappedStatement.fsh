Extension: UnmappedStatement
Id: unmapped-statement
Title: "Unmapped statement"
Description: "Something that the source says and that no resource made from it carries. All of them together are the ledger of what a conversion lost."
Context: Provenance
* insert SubExtension(text, 1..1, string, What the source says)
* insert SubExtension(reason, 0..1, string, Why it was not carried)
