"""The URIs of code systems, and the other names that systems give them.

URIs and OIDs are those of HL7 Terminology 7.0.1 (https://terminology.hl7.org/external_terminologies.html)
where it lists the system; the rest is what public FHIR data writes. Systems that HL7 does not list (DOID,
EFO) have the URI of their ontology.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

CANONICAL: Final = "https://w3id.org/fhir-vitiligo"
"""The project's own namespace: profiles, value sets, extensions and the code system below start with it."""
LOCAL: Final = CANONICAL + "/CodeSystem/vitiligo"
"""The project's CodeSystem, for what no international code says."""

SNOMED_CT: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
ICD_10: Final = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_11_MMS: Final = "http://id.who.int/icd/release/11/mms"
HPO: Final = "http://human-phenotype-ontology.org"
MONDO: Final = "http://purl.obolibrary.org/obo/mondo.owl"
DOID: Final = "http://purl.obolibrary.org/obo/doid.owl"
EFO: Final = "http://www.ebi.ac.uk/efo"
ORPHANET: Final = "http://www.orpha.net"
MESH: Final = "https://www.nlm.nih.gov/mesh"
UMLS: Final = "http://terminology.hl7.org/CodeSystem/umls"
OMOP: Final = "https://fhir-terminology.ohdsi.org"
NCIT: Final = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC: Final = "http://www.whocc.no/atc"
ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"

ICD_10_GM: Final = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
ICD_10_AM: Final = "http://hl7.org/fhir/sid/icd-10-am"
ICD_10_NO: Final = "urn:oid:2.16.578.1.12.4.1.1.7110"
ICD_10_CA: Final = "http://hl7.org/fhir/sid/icd-10-ca"
ICD_10_NL: Final = "http://hl7.org/fhir/sid/icd-10-nl"
ICD_10_UK: Final = "http://hl7.org/fhir/sid/icd-10-uk"
ICD_10_SE: Final = "http://hl7.org/fhir/sid/icd-10-se"
ICD_10_FR: Final = "https://smt.esante.gouv.fr/terminologie-cim-10"
ICD_10_CN: Final = "http://hl7.org/fhir/sid/icd-10-cn"
ICD_10_HU: Final = "http://hl7.org/fhir/sid/icd-10-hu"
SKS: Final = "urn:oid:1.2.208.176.2.4"
"""Denmark's classification, whose diagnoses are ICD-10 codes behind a ``D``."""

NATIONAL_ICD_10: Final = {
    ICD_10_GM: "",
    ICD_10_AM: "",
    ICD_10_CA: "",
    ICD_10_NO: "",
    ICD_10_NL: "",
    ICD_10_FR: "",
    ICD_10_UK: "X",
    ICD_10_SE: "9",
    ICD_10_CN: "X00",
    ICD_10_HU: "H0",
    SKS: "9",
}
"""National forms of ICD-10, each with what it fills a three-character category up with that is not divided.

Vitiligo is such a category: L80 is ``L80X`` in England, ``L80.9`` in Sweden, ``L80.x00`` in China, ``L80H0``
in Hungary and ``DL809`` in Denmark. That is practice, for which no source was opened: read, never written.
ICD-10-CM is not among them: its codes are listed as its own.
"""

ALIAS: Final = {
    "sct": SNOMED_CT,
    "loinc": LOINC,
    "ucum": UCUM,
    "icd10": ICD_10,
    "icd10cm": ICD_10_CM,
    "icd11": ICD_11_MMS,
    "hpo": HPO,
    "mondo": MONDO,
    "doid": DOID,
    "efo": EFO,
    "orpha": ORPHANET,
    "mesh": MESH,
    "umls": UMLS,
    "omop": OMOP,
    "ncit": NCIT,
    "rxnorm": RXNORM,
    "atc": ATC,
    "role": ROLE_CODE,
    "local": LOCAL,
}
"""The short names that ``concepts.csv`` uses for systems."""

# What other systems write -> the URI above. Keys are in the form that _bare() gives.
_ALSO_CALLED: Final = {
    SNOMED_CT: "2.16.840.1.113883.6.96 snomed.info snomed.info/id snomedct snomed-ct snomed sct",
    LOINC: "2.16.840.1.113883.6.1 loinc.org/rdf loinc",
    UCUM: "2.16.840.1.113883.6.8 ucum.org ucum",
    ICD_10: "2.16.840.1.113883.6.3 terminology.hl7.org/codesystem/icd10 hl7.org/fhir/sid/icd-10/en"
    " id.who.int/icd/release/10 icd.who.int/browse10 icd10 icd-10 icd10who icd-10-who",
    ICD_10_CM: "2.16.840.1.113883.6.90 terminology.hl7.org/codesystem/icd10cm cdc.gov/nchs/icd/icd10cm"
    " hl7.org/fhir/sid/icd-10-us icd10cm icd-10-cm",
    ICD_11_MMS: "id.who.int/icd/entity id.who.int/icd11/mms icd.who.int/browse11 hl7.org/fhir/sid/icd-11"
    " hl7.org/fhir/sid/icd-11-mms icd11 icd-11 icd11.foundation",
    HPO: "2.16.840.1.113883.6.339 purl.obolibrary.org/obo/hp.owl purl.obolibrary.org/obo/hp hp hpo",
    MONDO: "2.16.840.1.113883.3.9216 purl.obolibrary.org/obo/mondo mondo",
    DOID: "purl.obolibrary.org/obo/doid disease-ontology.org doid",
    EFO: "ebi.ac.uk/efo/efo.owl efo",
    ORPHANET: "orpha.net/ordo orpha orphanet ordo",
    MESH: "2.16.840.1.113883.6.177 terminology.hl7.org/codesystem/msh id.nlm.nih.gov/mesh meshb.nlm.nih.gov"
    " nlm.nih.gov/mesh mesh msh",
    UMLS: "2.16.840.1.113883.6.86 nlm.nih.gov/research/umls umls",
    OMOP: "athena.ohdsi.org ohdsi.org/omop fhir-terminology.ohdsi.org/codesystem/omop omop",
    NCIT: "2.16.840.1.113883.3.26.1.1 ncithesaurus-stage.nci.nih.gov purl.obolibrary.org/obo/ncit.owl ncit",
    RXNORM: "2.16.840.1.113883.6.88 nlm.nih.gov/rxnorm rxnorm",
    ATC: "2.16.840.1.113883.6.73 fhir.de/codesystem/dimdi/atc fhir.de/codesystem/bfarm/atc atc",
    ROLE_CODE: "2.16.840.1.113883.5.111 hl7.org/fhir/v3/rolecode",
    ICD_10_GM: "1.2.276.0.76.5.409 fhir.de/codesystem/dimdi/icd-10-gm hl7.org/fhir/sid/icd-10-de"
    " hl7.org/fhir/sid/icd-10-gm icd10gm icd-10-gm",
    ICD_10_AM: "2.16.840.1.113883.6.135 icd10am icd-10-am",
    ICD_10_CA: "2.16.840.1.113883.6.94 icd10ca icd-10-ca",
    ICD_10_NL: "2.16.840.1.113883.6.3.2 terminology.hl7.org/codesystem/icd10dut icd10dut",
    ICD_10_UK: "fhir.hl7.org.uk/id/icd-10 hl7.org.uk/fhir/icd-10 fhir.nhs.uk/id/icd-10",
    ICD_10_SE: "1.2.752.116.1.1.1.1.3 1.2.752.116.1.1.1.1.8"
    " terminologitjansten.inera.se/fhir/codesystem/icd-10-se icd10se icd-10-se",
    ICD_10_FR: "esante.gouv.fr/terminologie-cim-10 hl7.org/fhir/sid/icd-10-fr cim10 cim-10",
    SKS: "1.2.208.176.2.4.12",
}
_DATED_ICD_11 = re.compile(r"id\.who\.int/icd/release/11(/[0-9-]+)?/mms(/.*)?")
_ICD_10_CODE = re.compile(r"([A-Z][0-9][0-9A-Z])(?:\.?([0-9A-Z]{1,4}))?")
UNDIVIDED_ICD_10: Final = frozenset({"L80"})
"""The categories in the registry without subdivisions: only behind these is a filler a filler."""
_SCHEME = re.compile(r"(https?://|urn:oid:)?(www\.)?", re.IGNORECASE)


def canonical_system(uri: str) -> str:
    """The URI above that ``uri`` (an OID, an older, dated, differently spelt or short name) stands for; else
    ``uri``.

    For comparing, not for rewriting what others wrote. A version after ``|`` and a SNOMED CT edition are
    dropped. National forms of ICD-10 keep a URI of their own: see :data:`NATIONAL_ICD_10`.
    """
    return _canonical(uri) if len(uri) < 300 else uri


@lru_cache(maxsize=1024)  # bounded: the names come from outside
def _canonical(uri: str) -> str:
    bare = _bare(uri)
    found = _index().get(bare)
    if found is not None:
        return found
    if bare.startswith("snomed.info/sct/"):
        return SNOMED_CT
    if _DATED_ICD_11.fullmatch(bare):
        return ICD_11_MMS
    return uri.strip()


def international_icd_10(system: str, code: str) -> str | None:
    """The WHO code of category or subcategory that ``code`` of a national form of ICD-10 stands for.

    ``system`` is canonical. ``None`` for a system that is not ICD-10 or a text that has not its form. Points
    that were left out are put in, the marks of the dagger-asterisk system and a closing ``.``, ``-`` or
    ``.-`` left out.
    """
    text = code.strip().upper().rstrip("†*+!-.")
    if system == SKS:
        if not text.startswith("D"):
            return None
        text = text[1:]
    elif system not in (ICD_10, ICD_10_CM) and system not in NATIONAL_ICD_10:
        return None
    found = _ICD_10_CODE.fullmatch(text)
    if found is None:
        return None
    category, rest = found.groups()
    filler = NATIONAL_ICD_10.get(system)
    if filler and rest == filler and category in UNDIVIDED_ICD_10:
        rest = ""
    return f"{category}.{rest}" if rest else category


def _bare(uri: str) -> str:
    """Lower case, without scheme, ``www.``, version and trailing ``/`` or ``#``: where spellings differ."""
    text = uri.strip().partition("|")[0].lower()
    return text[_SCHEME.match(text).end() :].rstrip("/#")  # type: ignore[union-attr]  # an all-optional pattern


@lru_cache(maxsize=1)
def _index() -> dict[str, str]:
    index = {_bare(uri): uri for uri in (*ALIAS.values(), *_ALSO_CALLED)}
    for uri, names in _ALSO_CALLED.items():
        for name in names.split():
            index[_bare(name)] = uri
    return index
