// BodyStructure of R4 has one location: the first site with its side; any further ones are extensions.
RuleSet: LesionOfRelease
* insert Extended(extension, FurtherSite, furtherSite, 0..*, [[A further site, with its side]], [[A site beyond the first, with its side where that is stated of this very site.]])
* extension[furtherSite].extension[site].value[x] from VitiligoSiteValueSet (preferred)
* extension[furtherSite].extension[laterality].value[x] from VitiligoSideValueSet (required)
* insert Element(location, 0..1, [[The site]], [[Where the lesion is; the first of its sites.]])
* location from VitiligoSiteValueSet (preferred)
* insert Element(locationQualifier, 0..1, [[The side]], [[The side of the first site. One side only: both sides is a side of its own.]])
* locationQualifier from VitiligoSideValueSet (required)
* obeys vit-lesion-1

Invariant: vit-lesion-1
Description: "A side or a further site stands beside the first site"
Severity: #error
Expression: "location.exists() or (locationQualifier.empty() and extension.where(url = 'https://w3id.org/fhir-vitiligo/StructureDefinition/further-site').empty())"
