"""Generated cases of the whole model before HL7's own engine: no error in any release."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from properties.strategies import cases

import fhir_vitiligo as fv

from .engine import OfficialEngine, Request

pytestmark = pytest.mark.official

EXAMPLES = 100

# What a generated case states itself, in nonsense: codes with made-up systems and displays. We pass on what a source stated.
STATED_NONSENSE = {
    "Type_Specific_Checks_DT_OID_Valid": "a code system that the case names by an OID that is none",
    "TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE": "a code system or a link that the case names as example.org",
    "Display_Name_for__should_be_one_of__instead_of": "a display that the case states for a code",
}


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
        for issue in issues:
            if issue.is_error and issue.message_id not in STATED_NONSENSE:
                seen[f"{request.context} {issue}"] += 1
    assert not seen, "\n".join(f"{count} {text}" for text, count in seen.most_common(30))
