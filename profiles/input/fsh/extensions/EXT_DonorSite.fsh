Extension: DonorSite
Id: donor-site
Title: "Donor site"
Description: "Where a graft was taken from; the treated site is Procedure.bodySite."
Context: Procedure
* value[x] only CodeableConcept
* value[x] 1..1
