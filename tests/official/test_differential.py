"""A hundred broken resources, the same ones each time: our verdict is that of HL7's engine.

``python -m tests.validation.differential`` runs thousands.
"""

from __future__ import annotations

import pytest

from fhir_vitiligo.fhir.release import Release
from tests.official.engine import OfficialEngine
from tests.validation.differential import EXAMPLES, PACKAGES, Oracle, compared, rates
from tests.validation.explanations import explanation


@pytest.mark.official
@pytest.mark.skipif(
    not (PACKAGES / EXAMPLES[Release.R4]).exists(),
    reason="the R4 examples are not cached: run tools/fhir_packages.py fetch hl7.fhir.r4.examples@4.0.1",
)
def test_a_hundred_broken_resources_are_judged_alike(engine: OfficialEngine) -> None:
    pairs = compared(Release.R4, 100, 7, Oracle(Release.R4, engine), guides=False)
    apart = [pair for pair in pairs if not pair.agrees and explanation(pair) is None]
    assert [f"{pair.example.name} {pair.mutation}" for pair in apart] == []
    assert sum(bool(pair.theirs) for pair in pairs) > 50
    assert rates(pairs).located > 0.99
    assert rates(pairs).placed > 0.97
