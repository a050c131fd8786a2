"""A wrong argument ends in a sentence that says what would be right."""

from __future__ import annotations

from typing import Any

import pytest

import fhir_vitiligo as fv

CASE = fv.example("case-report")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"release": 4}, "unknown FHIR release 4: use r4, r4b or r5"),
        ({"release": "r3"}, "unknown FHIR release 'r3': use r4, r4b or r5"),
        ({"type": "batch"}, "unknown Bundle type 'batch': use collection, transaction, document"),
        ({"recorded": 5}, "'5' is no instant: write a date, a time and its offset from UTC"),
        ({"accept": "x"}, "'x' names no readings: write"),
        ({"accept": {"x": "1"}}, "no value 'x' in the case"),
    ],
)
def test_a_wrong_argument_is_told(named: Any, told: str) -> None:
    with pytest.raises(fv.FhirVitiligoError) as caught:
        fv.to_fhir(CASE, **named)
    assert caught.value.issues[0].text.startswith(told)
