"""Tokens with a system on elements of type code and boolean, whose system the definitions imply."""

from __future__ import annotations

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.criteria import Criterion
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.query import parse_query, query_pairs
from fhir_vitiligo.search.types.base import Test

R4 = parameters_of(Release.R4)
GENDER = "http://hl7.org/fhir/administrative-gender"
SPECIAL = "http://terminology.hl7.org/CodeSystem/special-values"


def alternatives_of(text: str) -> list[set[tuple[str, object]]]:
    """The alternatives that ``Type?parameter=value`` comes to, each as its columns with their values."""
    resource_type, _, query = text.partition("?")
    (criterion,) = parse_query(R4, resource_type, query_pairs(query)).criteria
    assert isinstance(criterion, Criterion)
    return [{(test.column, test.value) for test in one} for one in criterion.alternatives]


def coded(code: str | tuple[str, ...], system: str = "", suffix: str = "") -> set[tuple[str, object]]:
    return {(f"code{suffix}", code), (f"system{suffix}", system)}


@pytest.mark.parametrize(
    ("text", "alternatives"),
    [
        (f"Patient?gender={GENDER}|male", [coded("male")]),
        (f"Patient?gender={GENDER}|", [coded(("male", "female", "other", "unknown"))]),
        (f"Patient?gender=male,{GENDER}|female", [{("code", "male")}, coded("female")]),
        ("Patient?gender=|male", [coded("male")]),
        (f"Patient?active={SPECIAL}|true", [coded("true")]),
        ("Patient?active=http://hl7.org/fhir/special-values|", [coded(("true", "false"))]),
        (f"Patient?deceased={SPECIAL}|true", [coded("true")]),
        ("Observation?status=http://hl7.org/fhir/observation-status|final", [coded("final")]),
        ("Patient?address-use=http://hl7.org/fhir/address-use|home", [coded("home")]),
        # A grammar rules what it holds: nobody can list it, and nobody hides it.
        ("DocumentReference?contenttype=urn:ietf:bcp:13|image/png", [coded("image/png")]),
        # The system of another element, a code that is none of it, an element with a system of its own
        ("Patient?gender=urn:x|male", [coded("male", "urn:x")]),
        (f"Patient?gender={GENDER}|completed", [coded("completed", GENDER)]),
        (f"Observation?code={GENDER}|male", [coded("male", GENDER)]),
        # It may be a concept or a boolean.
        (f"Group?value={SPECIAL}|true", [coded("true", SPECIAL), coded("true")]),
        (f"Patient?gender:below={GENDER}|male", [coded("male")]),
    ],
)
def test_the_system_of_a_code_is_that_of_its_binding(
    text: str, alternatives: list[set[tuple[str, object]]]
) -> None:
    assert alternatives_of(text) == alternatives


def test_a_component_of_a_composite_has_the_system_of_its_element() -> None:
    text = "DocumentReference?relationship=DocumentReference/a$http://hl7.org/fhir/document-relationship-type|replaces"
    (found,) = alternatives_of(text)
    assert coded("replaces", suffix="2") < found


def test_every_other_test_of_an_alternative_stays() -> None:
    assert Test("code", "=", "male") in parse_first(f"Patient?gender:not={GENDER}|male").alternatives[0]
    assert parse_first(f"Patient?gender:not={GENDER}|male").negated


def parse_first(text: str) -> Criterion:
    resource_type, _, query = text.partition("?")
    (criterion,) = parse_query(R4, resource_type, query_pairs(query)).criteria
    assert isinstance(criterion, Criterion)
    return criterion
