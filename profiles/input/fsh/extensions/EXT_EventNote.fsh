Extension: EventNote
Id: event-note
Title: "Event note"
Description: "A remark on an adverse event, which has no note in R4."
Context: AdverseEvent
* value[x] only Annotation
* value[x] 1..1
