Extension: MomentText
Id: moment-text
Title: "Moment in words"
Description: "A time that was stated in words only, on a date that has therefore no value."
Context: dateTime, string
* value[x] only string
* value[x] 1..1
