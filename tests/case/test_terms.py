"""What a term is by concept, code and words; and what it is when these say different things."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.case import terms
from fhir_vitiligo.case.advice import advise
from fhir_vitiligo.case.io import dump_case, read_case
from fhir_vitiligo.case.terms import DiagnosisTerm, DrugTerm
from fhir_vitiligo.case.values import Term
from fhir_vitiligo.mapping.coded import TermCodec
from fhir_vitiligo.terminology import registry

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
TACROLIMUS = f"{RXNORM}|42316"
SNOMED = "http://snomed.info/sct"
RELEASES = ("r4", "r4b", "r5")
KINDS = [
    kind for _, kind in inspect.getmembers(terms, inspect.isclass) if issubclass(kind, Term) and kind.category
]


def product(**name: Any) -> fv.Case:
    return read_case({"id": "x", "products": [{"key": "a", "name": name}]})


def medication(case: fv.Case, release: str) -> dict[str, Any]:
    (found,) = (
        entry["resource"]
        for entry in fv.to_fhir(case, release)["entry"]
        if entry["resource"]["resourceType"] == "Medication"
    )
    return found["code"]  # type: ignore[no-any-return]


CONTRADICTIONS: dict[str, dict[str, Any]] = {
    "the text says another": {"text": "mometasone", "codes": [TACROLIMUS]},
    "what the code is called says another": {"codes": [f"{TACROLIMUS}|Mometasone"]},
    "the codes say different things": {
        "text": "cream",
        "codes": [TACROLIMUS, "urn:x|1|mometasone", f"{TACROLIMUS}|Mometasone"],
    },
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_code_that_its_words_contradict_is_recorded_and_not_asserted(
    name: dict[str, Any], release: str
) -> None:
    case = product(**name)
    term = case.products[0].name.value
    assert isinstance(term, DrugTerm)
    assert term.concept is None
    assert term.text == name.get("text")
    assert "42316" in [code.code for code in term.codes]
    written = medication(case, release)
    assert "42316" not in [coding["code"] for coding in written.get("coding", ())]
    assert written.get("text") == name.get("text")
    assert "42316" in str(written["extension"]), "the code is kept as it was recorded"
    assert fv.from_fhir(fv.to_fhir(case, release), release) == (case, [])
    assert read_case(dump_case(case).encode()) == case
    told = [issue.text for issue in advise(case)]
    assert told
    assert all("neither goes out as a code" in text for text in told)


@pytest.mark.parametrize("release", RELEASES)
def test_a_named_concept_stands_whatever_the_words_say(release: str) -> None:
    case = product(concept="tacrolimus", text="mometasone")
    term = case.products[0].name.value
    assert isinstance(term, DrugTerm)
    assert (term.concept, term.text) == ("tacrolimus", "mometasone")
    assert [coding["code"] for coding in medication(case, release)["coding"]] == ["42316"]
    assert fv.from_fhir(fv.to_fhir(case, release), release) == (case, [])
    assert read_case(dump_case(case).encode()) == case
    (issue,) = advise(case)
    assert issue.text == "this is coded as Tacrolimus, the text 'mometasone' says Mometasone: both are kept"


@pytest.mark.parametrize("release", RELEASES)
def test_a_code_of_something_else_is_not_asserted_beside_a_named_concept(release: str) -> None:
    case = product(concept="mometasone", codes=[TACROLIMUS])
    assert "42316" not in [coding["code"] for coding in medication(case, release)["coding"]]
    assert fv.from_fhir(fv.to_fhir(case, release), release) == (case, [])


def test_the_same_from_elsewhere() -> None:
    code = {"coding": [{"system": RXNORM, "code": "42316", "display": "tacrolimus"}], "text": "mometasone"}
    statement = {
        "resourceType": "MedicationStatement",
        "id": "a",
        "status": "active",
        "subject": {"reference": "Patient/1"},
        "medicationCodeableConcept": code,
    }
    case, residue = fv.from_fhir(statement)
    term = case.products[0].name.value
    assert term == DrugTerm(text="mometasone", codes=(f"{TACROLIMUS}|tacrolimus",))
    assert term.concept is None
    assert not [leaf for leaf in residue if "medication" in leaf["expression"]]


def test_words_that_say_less_or_more_of_the_same_are_no_contradiction() -> None:
    general = DiagnosisTerm(text="vitiligo", codes=(f"{SNOMED}|56727007",))
    assert general.concept == "vitiligo"
    narrow = next(one for one in registry.concepts("diagnosis") if one.parent == "vitiligo")
    assert DiagnosisTerm(concept=narrow.key, text="vitiligo").needs_its_name is False
    assert DiagnosisTerm(text=narrow.display, codes=(f"{SNOMED}|56727007",)).concept == "vitiligo"


@pytest.mark.parametrize("kind", KINDS)
def test_every_concept_is_known_by_what_it_is_written_as(kind: type[Term]) -> None:
    codec: Any = TermCodec(kind)
    for concept in registry.concepts(kind.category):
        for term in (kind(concept=concept.key), *(kind(text=text) for text in concept.synonyms)):
            assert term.concept == concept.key
            node = codec.encode(term, None)
            assert "extension" not in node, "no concept needs to be named to be known"
            assert codec.decode(node, None) == term


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("drug", "prednisone"),
        ("comorbidity", "eczema"),
        ("comorbidity", "adrenal insufficiency"),
        ("comorbidity", "lupus erythematosus"),
        ("finding", "acne"),
        ("finding", "sunburn"),
        ("finding", "hypertrophic scar"),
        ("instrument", "PGIC"),
        ("procedure", "fractional laser"),
        ("colour-match", "good"),
        ("trend", "good results"),
    ],
)
def test_words_that_say_less_than_a_concept_or_something_else_stay_words(category: str, words: str) -> None:
    assert registry.recognise_text(category, words) is None
