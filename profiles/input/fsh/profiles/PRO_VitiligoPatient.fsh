Profile: VitiligoPatient
Parent: Patient
Id: vitiligo-patient
Title: "Vitiligo patient"
Description: "The person with vitiligo, with no more identity than the record needs: a pseudonym or record number, the sex, and a date of birth only as precise as it is known."
* insert Element(identifier, 1..*, [[Pseudonym or record number]], [[What this or another system calls the person. A record of a registry needs no name, but what is recorded at the next visit has to find the same person.]])
* insert Element(identifier.value, 1..1, [[The number itself]], [[The number or pseudonym, as the system that gave it writes it.]])
* insert Element(gender, 0..1, [[Administrative sex]], [[The administrative sex. Not the sex assigned at birth, and not a finding.]])
* insert Element(birthDate, 0..1, [[Date of birth, as precise as known]], [[The year, the month or the day of birth. Never computed from an age: an age is an observation of its own.]])
* insert Fact(birthDate)
* birthDate.extension[absent] ^short = "Why the date of birth is not known"
* insert Element(photo, 0..0, [[No picture of the person]], [[A picture of the face undoes any pseudonym. Photographs of the skin are document references, by address and hash.]])
