"""A member that was checked lately is not checked again, and nothing else is told for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Options, Validator
from tests.validation.mutations import mutated, mutations
from tests.validation.test_official_examples import examples

OWN = Path(__file__).resolve().parents[2] / "profiles" / "examples"
LENIENT = Options(any_extension=True, examples=True, trust_references=True)
PER_RESOURCE = 20


def by_texts(validator: Validator, resource: Json) -> list[Issue]:
    return validator.errors(resource, json_text.members(json.dumps(resource)))


def told(validator: Validator, resource: Json) -> list[Issue]:
    issues = validator.validate(resource)
    return issues if any(one.severity in ("error", "fatal") for one in issues) else []


def broken(resources: list[Json], chance: random.Random, most: int) -> Iterator[Json]:
    for resource in resources:
        ways = list(mutations(resource))
        for kind, path in chance.sample(ways, min(most, len(ways))):
            if path != ("resourceType",):
                yield mutated(resource, kind, path).resource


@pytest.mark.parametrize("release", [Release.R4, Release.R5])
def test_our_examples_broken_at_one_place_are_told_the_same(release: Release) -> None:
    chance = random.Random(1)
    good = [json.loads_object(path.read_bytes()) for path in sorted((OWN / release.value).glob("*.json"))]
    validator, count = Validator(release, (), LENIENT), 0
    for resource in [*good, *broken(good, chance, PER_RESOURCE), *good]:
        expected = told(validator, resource)
        assert by_texts(validator, resource) == expected
        count += bool(expected)
    assert count > 100


@pytest.mark.parametrize("release", [Release.R4, Release.R5])
def test_official_examples_broken_at_one_place_are_told_the_same(release: Release) -> None:
    chance = random.Random(2)
    good = [one for name, one in examples(release) if len(json.dumps(one)) < 6_000]
    chance.shuffle(good)
    validator = Validator(release, (), LENIENT)
    for resource in broken(good[:700], chance, 2):
        assert by_texts(validator, resource) == told(validator, resource)


@pytest.fixture
def validator() -> Validator:
    return Validator("r4", (), LENIENT)


def observation(**more: Any) -> Json:
    code = {"coding": [{"system": "http://example.org/scores", "code": "vetf"}]}
    return {"resourceType": "Observation", "status": "final", "code": code, **more}


def test_a_member_of_the_same_text_is_not_checked_again(
    validator: Validator, monkeypatch: pytest.MonkeyPatch
) -> None:
    quantity = {"value": 1, "system": "http://unitsofmeasure.org", "code": "cm"}
    assert by_texts(validator, observation(valueQuantity=quantity)) == []
    asked: list[Any] = []
    monkeypatch.setattr(type(validator._compiler.library), "check_code", lambda *what: asked.append(what))
    assert by_texts(validator, observation(valueQuantity=quantity, effectiveDateTime="2024")) == []
    assert asked == []


def test_what_was_told_of_a_member_is_told_again(validator: Validator) -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    first = observation(interpretation=[{"coding": [{"system": system, "code": "nonsense"}]}])
    second = {**first, "effectiveDateTime": "2024"}
    issues = by_texts(validator, first)
    assert "Observation.interpretation[0].coding[0].code" in [one.expression for one in issues]
    assert by_texts(validator, second) == issues


def test_a_local_reference_is_looked_for_in_each_resource(validator: Validator) -> None:
    contained = [{"resourceType": "Patient", "id": "p", "active": True}]
    subject = {"reference": "#p"}
    assert by_texts(validator, observation(contained=contained, subject=subject)) == []
    issues = by_texts(validator, observation(subject=subject))
    assert {one.expression for one in issues if one.severity == "error"} == {"Observation.subject"}


def test_an_id_that_two_members_have_is_told(validator: Validator) -> None:
    method, site = {"id": "a", "text": "by hand"}, {"id": "a", "text": "face"}
    assert by_texts(validator, observation(method=method)) == []
    assert by_texts(validator, observation(bodySite=site)) == []
    (issue,) = [
        one
        for one in by_texts(validator, observation(method=method, bodySite=site))
        if one.rule == "duplicate-id"
    ]
    assert issue.expression == "Observation.bodySite"


def test_what_stands_beside_a_primitive_value_is_checked_with_it(validator: Validator) -> None:
    absent = {
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
        ]
    }
    extended = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": []}]
    }
    for resource in (
        observation(_effectiveDateTime=absent),
        observation(effectiveDateTime="2024", _effectiveDateTime=absent),
        observation(effectiveDateTime="2024", _effectiveDateTime=extended),
        observation(_effectiveDateTime=extended),
        observation(_effectiveDateTime={"id": "a"}),
        observation(effectiveDateTime="2024", _effectiveDateTime={"id": "a"}),
    ):
        assert by_texts(validator, resource) == told(validator, resource)


def test_a_display_is_held_against_the_language_of_its_resource(validator: Validator) -> None:
    code = {
        "coding": [{"system": "http://hl7.org/fhir/observation-status", "code": "final", "display": "final"}]
    }
    for language in ("en", "de", "nonsense language", None, 5):
        resource = observation(method=code, interpretation=[code]) | (
            {} if language is None else {"language": language}
        )
        assert by_texts(validator, resource) == told(validator, resource)


def test_without_an_error_nothing_is_told(validator: Validator) -> None:
    remarks = validator.validate(observation())
    assert remarks
    assert validator.errors(observation()) == []


def test_a_binary_fraction_is_read_as_it_is_written(validator: Validator) -> None:
    quantity = {"low": {"value": 0.1}, "high": {"value": 0.3}}
    resource = observation(referenceRange=[quantity])
    assert validator.errors(resource, json_text.members(json.dumps(resource))) == told(validator, resource)
