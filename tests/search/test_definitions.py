"""Search parameters that core does not have, and what selects their values."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.cursor import from_text, to_text
from fhir_vitiligo.search.definitions import active, further_parameter, own_parameters
from fhir_vitiligo.search.extract import index_rows
from fhir_vitiligo.search.parameters import Parameters, parameters_of

MINE: dict[str, Any] = {
    "resourceType": "SearchParameter",
    "url": "http://x.org/mine",
    "code": "mine",
    "base": ["Patient"],
    "type": "token",
    "status": "active",
    "expression": "Patient.gender",
}


@pytest.mark.parametrize("release", list(Release))
def test_our_own_are_searchable_at_once(release: Release) -> None:
    parameters = parameters_of(release)
    for own in own_parameters(release):
        for resource_type in own.base:
            assert parameters.of(resource_type)[own.code].url == own.url


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": None}, "needs url, code and base"),
        ({"base": []}, "needs url, code and base"),
        ({"type": "colour"}, "'colour' is no type of search parameters"),
        ({"code": "a.b"}, "the code 'a.b' cannot stand in a query"),
    ],
)
def test_a_definition_that_cannot_be_used_says_why(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        further_parameter({**MINE, **change})
    assert active([{**MINE, **change}]) == []


def test_only_what_is_in_force_is_used_and_the_later_of_two() -> None:
    assert active([{**MINE, "status": "draft"}]) == []
    later = {**MINE, "code": "other"}
    assert active([MINE, later]) == [later]


def test_core_comes_first_and_an_altered_definition_is_another_one() -> None:
    taken = parameters_of(Release.R4).with_further([further_parameter({**MINE, "code": "gender"})])
    assert taken.of("Patient")["gender"].url == "http://hl7.org/fhir/SearchParameter/individual-gender"
    one = parameters_of(Release.R4).with_further([further_parameter(MINE)])
    two = parameters_of(Release.R4).with_further(
        [further_parameter({**MINE, "expression": "Patient.active"})]
    )
    assert one.of("Patient")["mine"].key != two.of("Patient")["mine"].key
    assert one.of("Observation") is parameters_of(Release.R4).of("Observation")


def test_what_the_small_path_language_cannot_do_is_fhirpath() -> None:
    lower = further_parameter(
        {**MINE, "type": "string", "expression": "Patient.name.family.lower().substring(0, 2)"}
    )
    found = Parameters(definitions_of(Release.R4), Release.R4, (lower,)).of("Patient")
    rows = index_rows({"resourceType": "Patient", "name": [{"family": "BERG"}]}, found)
    assert rows[found["mine"]] == {("be", "be")}
    for wrong in ("Patient.name.", "Patient.name.frobnicate()"):
        broken = further_parameter({**MINE, "expression": wrong})
        assert "mine" in Parameters(definitions_of(Release.R4), Release.R4, (broken,)).left_out("Patient")


def test_a_cursor_comes_back_as_it_was_and_nothing_else_is_one() -> None:
    for cursor in ((7,), ("a", 1.5, None, 3), (float("-inf"), 2**62, 1)):
        assert from_text(to_text(cursor), len(cursor)) == cursor
    for text in ("", "7", "W10", "äö", "A" * 9000, to_text(("a",)), to_text((2**70,)), to_text((1, 2))):
        with pytest.raises(InputError, match="as a next link has it"):
            from_text(text, 1)
