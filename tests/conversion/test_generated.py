"""R4 and R5 of the same: there and back, nothing is lost, and what cannot be told is refused by name."""

from __future__ import annotations

import json as stdlib_json
from collections import Counter
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.conversion import CONVERTED, Converter
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import schemas_of

from .generated import Resources

R4, R5 = Release.R4, Release.R5
UP, DOWN = Converter.between(R4, R5), Converter.between(R5, R4)
_EACH = 60


def unordered(node: Any) -> Any:
    """Equal whatever the order of extensions and of codes among the references is, which says nothing."""
    if isinstance(node, dict):
        found = {key: unordered(value) for key, value in node.items()}
        if isinstance(found.get("extension"), list):
            found["extension"].sort(key=lambda one: stdlib_json.dumps(one, sort_keys=True, default=str))
        return found
    return [unordered(one) for one in node] if isinstance(node, list) else node


# What a release demands, as it is told where a resource says nothing of it.
_NOT_STATED = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    ]
}
_UNKNOWN = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "unknown"}
_FILLED: dict[Release, dict[str, Json]] = {
    R4: {"Encounter": {"class": _NOT_STATED}, "Provenance": {"_recorded": _NOT_STATED}},
    R5: {
        "AdverseEvent": {"status": "completed"},
        "BodyStructure": {"includedStructure": [{"structure": _NOT_STATED}]},
        "Condition": {"clinicalStatus": {"coding": [_UNKNOWN]}},
        "Provenance": {"_recorded": _NOT_STATED},
        "QuestionnaireResponse": {"_questionnaire": _NOT_STATED},
    },
}


def _filled(resource: Json, release: Release) -> Json:
    demanded = _FILLED[release].get(resource["resourceType"], {})
    more = {k: v for k, v in demanded.items() if {k, k.removeprefix("_"), f"_{k}"}.isdisjoint(resource)}
    return {**resource, **more}


# Modifiers that the other release has no place for: of them alone a resource is refused.
_REFUSED = {
    (
        R5,
        "AdverseEvent",
    ): "not-supported: AdverseEvent.status: FHIR 4.0.1 has no place for AdverseEvent.status, and what it says"
    " changes what the rest means"
}


@pytest.mark.parametrize("resource_type", sorted(CONVERTED - {"Bundle", "Parameters"}))
@pytest.mark.parametrize("release", [R4, R5], ids=str)
def test_whatever_a_release_says_comes_back(release: Release, resource_type: str) -> None:
    there, back = (UP, DOWN) if release is R4 else (DOWN, UP)
    refused = Counter[str]()
    for seed in range(_EACH):
        resource = Resources(schemas_of(release), seed).resource(resource_type)
        try:
            converted = there.convert(resource)
        except InputError as error:
            refused[f"{error.issues[0].code}: {error}"] += 1
            continue
        assert unordered(back.convert(converted)) == unordered(_filled(resource, release)), stdlib_json.dumps(
            resource, default=str
        )
    assert refused.total() < _EACH // 2
    assert set(refused) == {_REFUSED[one] for one in [(release, resource_type)] if one in _REFUSED}
