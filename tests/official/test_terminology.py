"""The package's terminology, searches, operations and requirements in HL7's engine."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from .engine import OURS, OfficialEngine, OfficialIssue, Request

pytestmark = pytest.mark.official

Json = dict[str, Any]
RELEASES = ("r4", "r4b", "r5")
KINDS = (
    "CodeSystem",
    "ValueSet",
    "ConceptMap",
    "SearchParameter",
    "OperationDefinition",
    "CapabilityStatement",
)

# Why a warning stays, by message id (or, where the engine gives none, a part of the text).
EXPLAINED = {
    "http://hl7.org/fhir/StructureDefinition/DomainResource#dom-6": "programs read definitions: no narrative",
    "which has status 'not-present'": "HL7's terminology package has SNOMED CT's name, not its codes",
    "CONCEPTMAP_GROUP_TARGET_UNKNOWN": "the target terminology is not on board; the registry has each code's source",
    "TYPE_SPECIFIC_CHECKS_DT_CANONICAL_MULTIPLE_POSSIBLE_VERSIONS": "R4 core and HL7's terminology package "
    "both have v3-RoleCode, with the same codes; a version here would refuse a user who has another",
}


@cache
def definitions(release: str) -> dict[str, Json]:
    """What this file is about, by file name."""
    (folder,) = OURS[release]
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for kind in KINDS
        for path in sorted(folder.glob(f"{kind}-*.json"))
    }


def reason(issue: OfficialIssue) -> str | None:
    """The key in :data:`EXPLAINED` of what is to stay."""
    if issue.severity != "warning":
        return None
    if issue.message_id is not None:
        return issue.message_id if issue.message_id in EXPLAINED else None
    return next((part for part in EXPLAINED if part in issue.text), None)


@pytest.fixture(scope="module")
def verdicts(engine: OfficialEngine) -> dict[str, list[tuple[str, OfficialIssue]]]:
    """What is more than information, by release, with the name of the definition."""
    return {
        release: [
            (name, issue)
            for name, issues in zip(
                definitions(release),
                engine.validate_many(Request(release, one) for one in definitions(release).values()),
                strict=True,
            )
            for issue in issues
            if issue.severity != "information"
        ]
        for release in RELEASES
    }


@pytest.mark.parametrize("release", RELEASES)
def test_each_is_valid(verdicts: dict[str, list[tuple[str, OfficialIssue]]], release: str) -> None:
    assert {name.partition("-")[0] for name in definitions(release)} == set(KINDS)
    assert [f"{name}: {issue}" for name, issue in verdicts[release] if reason(issue) is None] == []


def test_each_reason_is_needed(verdicts: dict[str, list[tuple[str, OfficialIssue]]]) -> None:
    assert {reason(issue) for found in verdicts.values() for _, issue in found} == set(EXPLAINED)


def _broken(name: str, change: Callable[[Json], object]) -> Callable[[str], Json]:
    def make(release: str) -> Json:
        found = copy.deepcopy(definitions(release)[name])
        change(found)
        return found

    return make


BREAKS: dict[str, tuple[Callable[[str], Json], str]] = {
    "an expression of an element that R4 has not": (
        _broken(
            "SearchParameter-target-lesion",
            lambda one: one.update(expression="BodyStructure.excludedStructures"),
        ),
        "ED_SEARCH_EXPRESSION_ERROR",
    ),
    "a map from a code that the CodeSystem has not": (
        _broken(
            "ConceptMap-vitiligo-to-mondo",
            lambda one: one["group"][0]["element"][0].update(code="diagnosis.vitilgo"),
        ),
        "CONCEPTMAP_GROUP_SOURCE_CODE_INVALID",
    ),
    "a value set of no system": (
        _broken("ValueSet-vitiligo-instrument", lambda one: one["compose"]["include"][0].pop("system")),
        "http://hl7.org/fhir/StructureDefinition/ValueSet#vsd-1",
    ),
    "a requirement to do what no interaction is": (
        _broken(
            "CapabilityStatement-vitiligo-server",
            lambda one: one["rest"][0]["interaction"][0].update(code="transact"),
        ),
        "Terminology_TX_NoValid_16",
    ),
    "an operation without its parameter's maximum": (
        _broken("OperationDefinition-to-fhir", lambda one: one["parameter"][0].pop("max")),
        "Validation_VAL_Profile_Minimum",
    ),
}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", BREAKS)
def test_the_engine_sees_what_would_be_wrong(engine: OfficialEngine, release: str, name: str) -> None:
    make, expected = BREAKS[name]
    assert expected in {issue.message_id for issue in engine.validate(release, make(release))}
