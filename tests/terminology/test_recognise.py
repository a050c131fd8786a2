"""Codes and texts of others, and what they mean here: the traps of the domain notes included."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.registry import recognise, recognise_codings, recognise_text
from fhir_vitiligo.terminology.text import normalised

SCT = "http://snomed.info/sct"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"


def key(category: str, system: str | None, code: str | None) -> str | None:
    found = recognise(category, system, code)
    return None if found is None else found.key


@pytest.mark.parametrize(
    ("system", "code", "meant"),
    [
        (SCT, "56727007", "vitiligo"),
        (SCT, "403268000", "segmental"),
        ("urn:oid:2.16.840.1.113883.6.96", " 403268000 ", "segmental"),
        (SCT, "156437000", "vitiligo"),  # legacy, still in use
        (SCT, "4001001", "leukoderma"),  # retired
        (SCT, "330901000119104", "eyelid-periocular-right"),
        (SCT, "330931000119104", None),  # the misprint
        (SCT, "403267005", "localized"),
        (ICD_10, "L80", "vitiligo"),
        (ICD_10, "L80.", "vitiligo"),
        (ICD_10, "L80.-", "vitiligo"),
        (ICD_10, "l80", "vitiligo"),
        *((ICD_10, f"L80.{n}", None) for n in range(10)),
        *((ICD_10_CM, f"L80.{n}", None) for n in range(10)),
        (ICD_10, "L8", None),
        (ICD_10, "L80.00", None),
        (ICD_10_CM, "L80", "vitiligo"),
        (ICD_10_CM, "H02.731", "eyelid-periocular-right-upper"),
        (ICD_10_CM, "H02731", "eyelid-periocular-right-upper"),
        (ICD_10_CM, "H02.732", "eyelid-periocular-right-lower"),
        (ICD_10_CM, "H02.739", "eyelid-periocular"),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "L80", "vitiligo"),
        ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "L80", "vitiligo"),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "L80.0", None),
        ("http://hl7.org/fhir/sid/icd-10-am", "L80", "vitiligo"),
        ("http://hl7.org/fhir/sid/icd-10-ca", "L80", "vitiligo"),
        ("http://hl7.org/fhir/sid/icd-10-nl", "L80", "vitiligo"),
        ("https://smt.esante.gouv.fr/terminologie-cim-10", "L80", "vitiligo"),
        ("urn:oid:2.16.578.1.12.4.1.1.7110", "L80", "vitiligo"),
        ("http://hl7.org/fhir/sid/icd-10-uk", "L80X", "vitiligo"),
        ("http://hl7.org/fhir/sid/icd-10-se", "L80.9", "vitiligo"),
        ("urn:oid:1.2.208.176.2.4", "DL809", "vitiligo"),
        ("http://id.who.int/icd/release/11/mms", "ED63.0", "vitiligo"),
        ("http://id.who.int/icd/release/11/2024-01/mms", "ED63.0", "vitiligo"),
        ("http://id.who.int/icd/release/11/mms", "1894744640", "vitiligo"),
        ("http://id.who.int/icd/entity", "http://id.who.int/icd/entity/1894744640", "vitiligo"),
        ("http://id.who.int/icd/release/11/mms", "ED63.00", None),
        ("http://id.who.int/icd/release/11/mms", "ED63.1", "chemical-leukoderma"),
        ("http://id.who.int/icd/release/11/mms", "ED60.2", None),
        ("http://human-phenotype-ontology.org", "HP:0001045", "vitiligo"),
        ("http://purl.obolibrary.org/obo/hp.owl", "HP_0001045", "vitiligo"),
        ("http://purl.obolibrary.org/obo/hp.owl", "http://purl.obolibrary.org/obo/HP_0001045", "vitiligo"),
        ("http://purl.obolibrary.org/obo/mondo.owl", "MONDO:0008661", "vitiligo"),
        ("https://meshb.nlm.nih.gov", "D014820", "vitiligo"),
        ("https://www.nlm.nih.gov/mesh", "d014820", "vitiligo"),
        ("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "C26915", "vitiligo"),
        ("http://terminology.hl7.org/CodeSystem/umls", "C0042900", "vitiligo"),
        ("OMOP", "138502", "vitiligo"),
        ("https://fhir-terminology.ohdsi.org", "4299692", "segmental"),
        ("http://www.orpha.net", "247871", None),
        (registry.LOCAL, "vgicc-class.segmental", "segmental"),
        (registry.LOCAL, "subtype.acrofacial", "acrofacial"),
        (SCT, "", None),
        ("", "L80", None),
        (None, "L80", None),
        (ICD_10, None, None),
        (SCT, "5" * 5000, None),
        ("x" * 5000, "L80", None),
    ],
)
def test_diagnosis_codes(system: str | None, code: str | None, meant: str | None) -> None:
    assert key("diagnosis", system, code) == meant


@pytest.mark.parametrize(
    ("category", "system", "code", "meant"),
    [
        ("site", SCT, "60819002", "cheek"),  # shown as cheek, preferred term buccal region of face
        ("site", SCT, "36141000", "cheek"),
        ("site", SCT, "89545001", "face"),
        ("side", SCT, "419465000", "unilateral-right"),
        ("side", "HPO", "HP:0012834", "right"),
        ("side", SCT, "66459002", "unilateral"),
        ("drug", "http://www.nlm.nih.gov/research/umls/rxnorm", "42316", "tacrolimus"),
        ("drug", "http://www.whocc.no/atc", "D11AH01", "tacrolimus-topical"),
        ("drug", "http://www.whocc.no/atc", "L04AD02", "tacrolimus-systemic"),
        ("drug", "http://www.whocc.no/atc", "d11ah09", "ruxolitinib-topical"),
        ("drug", "http://www.whocc.no/atc", "L01EJ01", "ruxolitinib-oral"),
        ("drug", "http://www.nlm.nih.gov/research/umls/rxnorm", "2590", "clobetasol"),
        ("observation", "http://loinc.org", "30525-0", "age"),
        ("instrument", "http://loinc.org", "8277-6", None),  # square metres of the whole body
        ("instrument", "http://loinc.org", "88099-7", None),  # burns
        ("instrument", "http://loinc.org", "95977-5", None),  # one of three scores
        ("instrument", "http://loinc.org", "96000-5", "skindex-29"),
        ("finding", "http://id.who.int/icd/release/11/mms", "ED60.2", "postinflammatory-hyperpigmentation"),
        ("finding", ICD_10_CM, "L81.0", "postinflammatory-hyperpigmentation"),
        ("finding", SCT, "49765009", "hyperpigmentation"),
        ("comorbidity", ICD_10, "E06.3", "hashimoto-thyroiditis"),
        ("comorbidity", "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "E06.3", "hashimoto-thyroiditis"),
        ("relation", "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "FTH", "father"),
        ("relation", "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "NFTH", "father"),
        ("unit", "http://unitsofmeasure.org", "mL", "mL"),
        ("phototype", SCT, "403231003", "IV"),
        ("vgicc-class", SCT, "403268000", "segmental"),
        ("vgicc-class", SCT, "56727007", None),  # vitiligo says no class
    ],
)
def test_other_codes(category: str, system: str, code: str, meant: str | None) -> None:
    assert key(category, system, code) == meant


def test_the_most_specific_code_of_several() -> None:
    def meant(*pairs: tuple[str | None, str | None]) -> str | None:
        found = recognise_codings("diagnosis", pairs)
        return None if found is None else found.key

    assert meant((ICD_10, "L80"), (SCT, "403268000")) == "segmental"
    assert meant((SCT, "403268000"), (ICD_10, "L80"), ("http://example.org", "x")) == "segmental"
    assert meant((SCT, "56727007"), (registry.LOCAL, "subtype.acrofacial")) == "acrofacial"
    assert meant((SCT, "56727007"), (ICD_10, "L80")) == "vitiligo"
    # Two that contradict each other are not reconciled.
    assert meant((SCT, "403268000"), (SCT, "403269008")) is None
    assert meant(("http://example.org", "x"), (None, None)) is None
    assert meant() is None


@pytest.mark.parametrize(
    ("category", "text", "meant"),
    [
        ("diagnosis", "Vitiligo", "vitiligo"),
        ("diagnosis", "  VITILIGO. ", "vitiligo"),
        ("diagnosis", "Segmental Vitiligo", "segmental"),
        ("diagnosis", "segmental-vitiligo", "segmental"),
        ("diagnosis", "Vitíligo", "vitiligo"),
        ("diagnosis", "白癜风", "vitiligo"),
        ("diagnosis", "Витилиго", "vitiligo"),
        ("diagnosis", "vitiligo?", "vitiligo"),
        ("diagnosis", "not vitiligo", None),
        ("diagnosis", "vitilig", None),
        ("site", "cheeks", "cheek"),
        ("site", "Face", "face"),
        ("site", "right side of face", None),
        ("side", "Right", "right"),
        ("colour", "milky white", None),
        ("border", "firm", None),  # may mean well-defined, may not
        ("border", "well-defined", "well-defined"),
        ("edge", "irregular edges", "irregular"),
        ("instrument", "f-VASI", "f-vasi"),
        ("instrument", "F VASI (FTU)", "f-vasi-ftu"),
        ("instrument", "VES+", "ves-plus"),
        ("instrument", "VES", "ves"),
        ("instrument", "vesplus", "ves-plus"),
        ("instrument", "% BSA", "bsa"),
        ("instrument", "VIDA", "vida"),
        ("procedure", "Wood’s lamp", "woods-lamp-examination"),
        ("procedure", "Woods lamp", "woods-lamp-examination"),
        ("procedure", "NB-UVB", "nb-uvb"),
        ("procedure", "nbUVB", "nb-uvb"),
        ("procedure", "dermapen (microneedling therapy)", "microneedling"),
        ("drug", "CM-WJMSCs", "cm-wjmsc"),
        ("drug", "MBEH", "monobenzone"),
        ("phototype", "Fitzpatrick IV", "IV"),
        ("phototype", "4", "IV"),
        ("quartile", "26–50 %", "26-50"),
        ("finding", "Köbner", "koebner-phenomenon"),
        ("comorbidity", "Hashimoto's thyroiditis", "hashimoto-thyroiditis"),
        ("rater", "clin", "clinician"),
        ("site", "", None),
        ("site", None, None),
        ("site", "cheek" * 1000, None),
    ],
)
def test_texts(category: str, text: str | None, meant: str | None) -> None:
    found = recognise_text(category, text)
    assert (None if found is None else found.key) == meant


@given(st.text(max_size=60))
def test_the_normal_form_is_normal(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert once == once.strip()
    assert "  " not in once


@given(st.sampled_from(registry.categories()), st.text(max_size=40), st.text(max_size=40))
def test_nothing_that_comes_in_is_an_error(category: str, system: str, code: str) -> None:
    recognise(category, system, code)
    recognise_text(category, code)
    registry.may_emit(system, code)
    registry.why_not(system, code)
    registry.refusal(system, code)


def test_a_cold_load_is_quick() -> None:
    from fhir_vitiligo.terminology.codes import read_codes
    from fhir_vitiligo.terminology.concepts import _FOLDER, read_concepts

    def cold() -> float:
        start = time.process_time()
        read_concepts(_FOLDER / "concepts.csv", read_codes(_FOLDER / "codes.csv"))
        return time.process_time() - start

    # Measured 6 ms; the bound leaves room for a slow machine and sees a table that is parsed twice over.
    assert min(cold() for _ in range(5)) < 0.030
