"""The table of concepts: keys, codings, local codes, and what is wrong with a faulty line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.codes import code_index
from fhir_vitiligo.terminology.concepts import Coding, Concept, category_table, read_concepts
from fhir_vitiligo.terminology.systems import HPO, ICD_11_MMS, LOCAL, LOINC, NCIT, RXNORM, SNOMED_CT, UCUM

HEADER = "category,key,display,definition,parent,codings,relation,also,synonyms\n"
ALL = [concept for category in registry.categories() for concept in registry.concepts(category)]
IDS = [f"{concept.category}.{concept.key}" for concept in ALL]


@pytest.mark.parametrize("concept", ALL, ids=IDS)
def test_every_coding_may_be_written(concept: Concept) -> None:
    assert concept.codings
    assert len(concept.relations) == len(concept.codings)
    for coding in concept.codings:
        assert registry.why_not(coding.system, coding.code) is None
        assert coding.display


@pytest.mark.parametrize("concept", ALL, ids=IDS)
def test_every_way_back_leads_to_the_concept(concept: Concept) -> None:
    for coding, relation in (*zip(concept.codings, concept.relations, strict=True), *concept.also):
        if relation in ("exact", "near"):
            assert registry.recognise(concept.category, coding.system, coding.code) == concept
        else:
            assert registry.recognise(concept.category, coding.system, coding.code) != concept
    for text in (concept.key, concept.display, *concept.synonyms):
        assert registry.recognise_text(concept.category, text) == concept


@pytest.mark.parametrize("concept", ALL, ids=IDS)
def test_international_codes_come_first_and_the_local_one_where_none_is_exact(concept: Concept) -> None:
    local = [coding.system == LOCAL for coding in concept.codings]
    assert local == sorted(local)
    international = [
        relation
        for coding, relation in zip(concept.codings, concept.relations, strict=True)
        if coding.system != LOCAL
    ]
    assert "exact" in international or any(local)


def test_local_codes_are_unique_and_follow_the_rule() -> None:
    own = [concept for concept in ALL if concept.local_code == f"{concept.category}.{concept.key}"]
    assert len({concept.local_code for concept in own}) == len(own)
    shared = {concept.local_code for concept in ALL} - {concept.local_code for concept in own}
    assert shared == {None}  # what a concept shares is another one's own
    for concept in ALL:
        if concept.local_code is None:
            assert concept.category == "unit"
        else:
            # https://hl7.org/fhir/R4/datatypes.html#code, and plain enough for FSH and a URL
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.[A-Za-z0-9]+(-[A-Za-z0-9]+)*", concept.local_code)
            assert registry.may_emit(LOCAL, concept.local_code)


def test_a_unit_has_no_local_code() -> None:
    with pytest.raises(
        TerminologyError, match="unit 'mL' has no code of the project: UCUM is its code system"
    ):
        _ = registry.concept("unit", "mL").local_coding
    assert registry.concept("unit", "mL").codings == (Coding(UCUM, "mL", "milliliter"),)


def test_every_category_is_described_and_no_other() -> None:
    assert tuple(category_table()) == registry.categories()
    assert all(title and definition.endswith(".") for title, definition in category_table().values())


def test_more_general_concepts_end_somewhere() -> None:
    for concept in ALL:
        seen = [concept.key]
        parent = concept.parent
        while parent is not None:
            assert parent not in seen
            seen.append(parent)
            parent = registry.concept(concept.category, parent).parent


def codes_of(category: str, key: str) -> list[tuple[str, str]]:
    return [(coding.system, coding.code) for coding in registry.concept(category, key).codings]


def test_the_codings_that_matter() -> None:
    assert codes_of("diagnosis", "segmental") == [(SNOMED_CT, "403268000"), (LOCAL, "vgicc-class.segmental")]
    assert codes_of("diagnosis", "vitiligo") == [(SNOMED_CT, "56727007")]
    assert codes_of("diagnosis", "mixed") == [(SNOMED_CT, "56727007"), (LOCAL, "vgicc-class.mixed")]
    assert codes_of("site", "face") == [(SNOMED_CT, "73897004")]
    assert codes_of("site", "cheek") == [(SNOMED_CT, "36141000")]
    assert codes_of("side", "unilateral-right") == [(SNOMED_CT, "419465000")]
    assert codes_of("colour", "white") == [(SNOMED_CT, "371251000")]
    assert codes_of("morphology", "depigmentation") == [(LOCAL, "morphology.depigmentation")]
    assert codes_of("instrument", "bsa") == [(LOCAL, "instrument.bsa")]
    assert codes_of("instrument", "skindex-16") == [(LOCAL, "instrument.skindex-16")]
    assert codes_of("instrument", "skindex-29") == [(LOINC, "96000-5")]
    assert codes_of("instrument-item", "skindex-16-emotions") == [(LOINC, "95977-5")]
    assert codes_of("procedure", "microneedling") == [(LOCAL, "procedure.microneedling")]
    assert codes_of("procedure", "excimer-laser") == [
        (SNOMED_CT, "445907001"),
        (LOCAL, "procedure.excimer-laser"),
    ]
    assert codes_of("drug", "tacrolimus") == [(RXNORM, "42316")]
    assert codes_of("drug", "clobetasol") == [(LOCAL, "drug.clobetasol")]
    assert codes_of("drug", "cm-wjmsc") == [(LOCAL, "drug.cm-wjmsc")]
    assert codes_of("phototype", "IV") == [(SNOMED_CT, "403231003"), (NCIT, "C74572")]
    assert codes_of("finding", "koebner-phenomenon") == [(HPO, "HP:6000933")]
    assert codes_of("finding", "halo-naevus") == [(LOCAL, "finding.halo-naevus")]
    assert codes_of("presence", "absent") == [(SNOMED_CT, "2667000")]


def test_icd_11_is_written_only_as_asked() -> None:
    policy = registry.Icd11Policy
    segmental = registry.concept("diagnosis", "segmental")

    def icd11(concept: Concept, chosen: registry.Icd11Policy) -> list[str]:
        return [c.code for c in registry.diagnosis_codings(concept, chosen) if c.system == ICD_11_MMS]

    assert registry.diagnosis_codings(segmental) == segmental.codings
    assert icd11(segmental, policy.OFF) == []
    assert icd11(segmental, policy.STEM) == ["ED63.0"]
    assert icd11(segmental, policy.ENTITY) == ["1894744640"]
    assert icd11(segmental, policy.BOTH) == ["ED63.0", "1894744640"]
    assert icd11(registry.concept("diagnosis", "eyelid-periocular-right-upper"), policy.STEM) == ["9A06.1"]
    assert icd11(registry.concept("finding", "halo-naevus"), policy.STEM) == ["XH5971"]
    # Acquired poliosis is narrower than poliosis, and psoriasis has no ICD-11 code here.
    assert icd11(registry.concept("finding", "poliosis"), policy.BOTH) == []
    assert icd11(registry.concept("comorbidity", "psoriasis"), policy.BOTH) == []


def test_an_unknown_key_names_what_looks_like_it() -> None:
    with pytest.raises(TerminologyError, match=r"There is no site 'cheeck': did you mean 'cheek'"):
        registry.concept("site", "cheeck")
    with pytest.raises(TerminologyError, match=r"There is no category 'sites': did you mean 'site'"):
        registry.concepts("sites")
    with pytest.raises(TerminologyError, match=r"There is no side 'zzz': there are right, left, both"):
        registry.concept("side", "zzz")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("site,knee,Knee", "There are 3 values; 9 belong here."),
        ("site,knee,,A knee.,,,,,", "category, key, display and definition must not be empty."),
        ("site,nose,Nose,A nose.,,,,,", "site 'nose' is already on line 2."),
        ("site,knee,Knee,A knee.,leg,,,,", "The parent 'leg' is no site of this file."),
        (
            "site,knee,Knee,A knee.,,sct|72696002,exact,,",
            "sct|72696002 is not in codes.csv: add its line there first",
        ),
        (
            "site,knee,Knee,A knee.,,73897004,exact,,",
            "'73897004' is not alias|code with an alias of sct, loinc",
        ),
        ("site,knee,Knee,A knee.,,snomed|73897004,exact,,", "'snomed|73897004' is not alias|code"),
        ("site,knee,Knee,A knee.,,sct|60819002,exact,,", "sct|60819002 may not be written (TRAP"),
        (
            "site,knee,Knee,A knee.,,sct|73897004,wider,,",
            "relation 'wider': write exact, broader or narrower.",
        ),
        ("site,knee,Knee,A knee.,,sct|73897004,,,", "There are 1 codes and 0 relations"),
        ("site,knee,Knee,A knee.,,sct|73897004,exact broader,,", "There are 1 codes and 2 relations"),
        (
            "site,knee,Knee,A knee.,,local|region.knee,,,",
            "local|region.knee is no category.key of this file.",
        ),
        ("unit,knee,Knee,A knee.,,,,,", "unit 'knee' has no coding."),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str, fault: str) -> None:
    path = tmp_path / "concepts.csv"
    path.write_text(HEADER + "site,nose,Nose,A nose.,,,,,\n" + line + "\n")
    with pytest.raises(TerminologyError) as caught:
        read_concepts(path, code_index())
    [issue] = caught.value.issues
    assert (issue.source, issue.line) == ("concepts.csv", 3)
    assert fault in issue.text


def test_a_concept_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "concepts.csv"
    path.write_text(
        HEADER + "site,knee,Knee,A knee.,,sct|39937001,broader,~hpo|HP:0012834,knees; patella ;\n"
    )
    [[concept]] = [list(by_key.values()) for by_key in read_concepts(path, code_index()).values()]
    assert concept.codings == (Coding(SNOMED_CT, "39937001", "Skin"), Coding(LOCAL, "site.knee", "Knee"))
    assert concept.relations == ("broader", "exact")
    assert concept.also == ((Coding(HPO, "HP:0012834", "Right"), "near"),)
    assert concept.synonyms == ("knees", "patella")
