"""What a profile may not say of its base's elements: choices without ``[x]``, profiles of another type."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from tests.validation.profiles import CORE, Json, element, profile, told

PLACE = "StructureDefinition.differential.element[0]"


def found(kind: str, path: str, **said: Any) -> list[str]:
    """The places of what is wrong with one element of a profile."""
    resource: Json = profile("p", kind, element(path, **said))
    return [where for rule, where in told(resource, release=Release.R4) if rule == "profile-element"]


def test_what_a_missing_part_of_an_extension_means_is_for_its_definition_to_say() -> None:
    assert found("Extension", "extension", meaningWhenMissing="none") == []
    assert found("Patient", "active", meaningWhenMissing="yes") == [PLACE]


def typed(code: str, url: str, **more: Any) -> list[Json]:
    return [{"code": code, "profile": [url], **more}]


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        ("value[x]", {"min": 1}, []),
        ("value", {"min": 1}, [PLACE]),
        ("value", {"type": [{"code": "Quantity"}]}, [PLACE]),
        ("valueQuantity", {"min": 1}, []),
    ],
)
def test_the_path_of_a_choice(path: str, said: Json, expected: list[str]) -> None:
    assert found("Observation", path, **said) == expected


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        (typed("BackboneElement", f"{CORE}clinicaldocument"), False),
        (typed("BackboneElement", f"{CORE}vitalsigns"), False),
        (typed("BackboneElement", f"{CORE}BackboneElement"), True),
        # One element of it, which the extension beside it names.
        (typed("BackboneElement", f"{CORE}clinicaldocument", _profile=[{"id": "a"}]), True),
        (typed("BackboneElement", f"{CORE}clinicaldocument#Composition.section"), True),
        (typed("BackboneElement", "http://acme.test/nobody"), True),
    ],
)
def test_the_profile_of_a_part(said: list[Json], fits: bool) -> None:
    assert found("Composition", "section", type=said) == ([] if fits else [f"{PLACE}.type[0].profile[0]"])


def said(*elements: Json, kind: str = "Observation") -> list[tuple[str, str]]:
    """(rule, place) of what is wrong with elements of a differential."""
    resource = profile("p", kind, *elements)
    return [one for one in told(resource, release=Release.R4) if one[0].startswith("profile-")]


def at(index: int, below: str = "", rule: str = "profile-element") -> list[tuple[str, str]]:
    return [(rule, f"StructureDefinition.differential.element[{index}]{below}")]


QUANTITY = [{"code": "Quantity"}]
BY_TYPE = {"discriminator": [{"type": "type", "path": "$this"}], "rules": "open"}
BY_PATTERN = {"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "open"}


def stated(key: str, expression: str) -> list[Json]:
    return [{"key": key, "severity": "error", "human": "x", "expression": expression}]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([element("status", fixedCode="final")], []),
        ([element("status", fixedString="final")], at(0)),
        ([element("value[x].unit", min=1)], at(0)),
        ([element("value[x]", type=QUANTITY), element("value[x].unit", min=1)], []),
        ([element("value[x].extension", min=0)], []),
        ([element("subject", isSummary=False)], at(0)),
        ([element("subject", isSummary=True)], []),
        (
            [
                element("subject", constraint=stated("a-1", "exists()")),
                element("encounter", constraint=stated("a-1", "exists()")),
            ],
            [],
        ),
        (
            [
                element("subject", constraint=stated("a-1", "exists()")),
                element("encounter", constraint=stated("a-1", "empty()")),
            ],
            at(1, ".constraint[0]"),
        ),
        (
            [element("value[x]", slicing=BY_TYPE), element("value[x]", slice="valueQuantity", type=QUANTITY)],
            [],
        ),
        (
            [element("value[x]", slicing=BY_TYPE), element("value[x]", slice="amount", type=QUANTITY)],
            at(1, rule="profile-slicing"),
        ),
        (
            [
                element("category", slicing=BY_PATTERN),
                element("category", id="Observation.category:a", patternCodeableConcept={"text": "a"}),
            ],
            at(1, rule="profile-slicing"),
        ),
    ],
)
def test_elements_of_a_differential(elements: list[Json], expected: list[tuple[str, str]]) -> None:
    assert said(*elements) == expected


def test_the_paths_of_a_logical_model_begin_with_its_type() -> None:
    model = {
        **profile("Lesion", "Lesion", element("")),
        "kind": "logical",
        "derivation": "specialization",
        "type": "http://acme.test/Lesion",
        "baseDefinition": f"{CORE}Element",
    }
    assert "profile-element" not in {rule for rule, _ in told(model)}
    found = told({**model, "type": "http://acme.test/Patch"})
    assert at(0)[0] in found


@pytest.mark.parametrize(("path", "rules"), [("area", set()), ("a b", {"eld-19"}), ("a" * 65, {"eld-19"})])
def test_the_name_of_an_element_is_held_to_what_r4_meant(path: str, rules: set[str]) -> None:
    model = profile("Lesion", "Lesion", element(path))
    assert {rule for rule, _ in told(model) if rule.startswith("eld")} == rules
