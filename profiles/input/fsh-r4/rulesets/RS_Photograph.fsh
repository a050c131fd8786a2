// DocumentReference of R4 has visit and lesions in its context.
RuleSet: PhotographOfRelease
* insert Element(context.encounter, 0..1, [[The visit]], [[The visit at which it was taken.]])
* context.encounter only Reference(VitiligoVisit)
* insert Said(context.related, [[The lesions it shows]], [[The lesions that it shows.]])
* context.related only Reference(VitiligoLesion)
