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
