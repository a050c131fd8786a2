// DocumentReference of R5 has the visit as its context and the lesions as its body sites.
RuleSet: PhotographOfRelease
* insert Element(context, 0..1, [[The visit]], [[The visit at which it was taken.]])
* context only Reference(VitiligoVisit)
* insert Said(bodySite, [[The lesions it shows]], [[The lesions that it shows.]])
* bodySite only CodeableReference(VitiligoLesion)
