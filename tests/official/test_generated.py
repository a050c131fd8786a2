"""Generated cases of the whole model before HL7's own engine: no error in any release, against core and our profiles."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from properties.strategies import cases

import fhir_vitiligo as fv

from .engine import OfficialEngine, OfficialIssue, Request

pytestmark = pytest.mark.official

# The thousand take some seven minutes: FHIR_VITILIGO_GENERATED=1000 runs them all.
EXAMPLES = int(os.environ.get("FHIR_VITILIGO_GENERATED", "100"))

# What a generated case states itself, in nonsense: codes with made-up systems and displays. We pass on what a source stated.
STATED_NONSENSE = {
    "Type_Specific_Checks_DT_OID_Valid": "a code system that the case names by an OID that is none",
    "TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE": "a code system or a link that the case names as example.org",
    "Display_Name_for__should_be_one_of__instead_of": "a display that the case states for a code",
    "http://hl7.org/fhir/StructureDefinition/Period#per-1": "a treatment that the case says ended before it began",
    "http://hl7.org/fhir/StructureDefinition/Observation#obs-7": "an item that the case gives the very code of its instrument",
    "TYPE_SPECIFIC_CHECKS_DT_PRIMITIVE_REGEX_EXCEPTION": "the engine's flaw: it gives up on a regular expression after half a second, however busy the machine is",
    "TYPE_SPECIFIC_CHECKS_DT_ATT_B64_DECODE_FAIL": "the engine's flaw: it stumbles over a hash that is absent with a reason",
}
NO_MATCH = "Reference_REF_CantMatchChoice"
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


def unexplained(bundle: Mapping[str, Any], issues: Sequence[OfficialIssue]) -> list[OfficialIssue]:
    """The errors that are neither nonsense of the case nor follow from it.

    A reference to a resource with an error matches no profile, and neither does a reference to what refers to it.
    """
    entries = {entry["fullUrl"]: number for number, entry in enumerate(bundle["entry"])}
    left: list[tuple[int | None, OfficialIssue]] = []
    faulty: set[int | None] = set()
    for issue in issues:
        if not issue.is_error:
            continue
        found = _ENTRY.match(issue.location)
        number = int(found[1]) if found else None
        if issue.message_id in STATED_NONSENSE:
            faulty.add(number)
        else:
            left.append((number, issue))
    while follow := [pair for pair in left if entries.get(_target(pair[1]) or "") in faulty - {None}]:
        faulty |= {number for number, _ in follow}
        left = [pair for pair in left if pair not in follow]
    return [issue for _, issue in left]


def _target(issue: OfficialIssue) -> str | None:
    found = re.search(r"urn:uuid:[0-9a-f-]+", issue.text) if issue.message_id == NO_MATCH else None
    return found[0] if found else None


def generated() -> list[fv.Case]:
    found: list[fv.Case] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def collect(case: fv.Case) -> None:
        found.append(case)

    collect()
    return found


def test_generated_cases_are_valid(engine: OfficialEngine) -> None:
    requests = [
        Request(context, fv.to_fhir(case, context, type="collection"))
        for case in generated()
        for context in ("r4", "r4b", "r5")
    ]
    seen: Counter[str] = Counter()
    for request, issues in zip(requests, engine.validate_many(requests), strict=True):
        assert isinstance(request.resource, Mapping)
        for issue in unexplained(request.resource, issues):
            seen[f"{request.context} {issue}"] += 1
    assert not seen, "\n".join(f"{count} {text}" for text, count in seen.most_common(30))
