"""Instruments as EHRs name their results."""

from __future__ import annotations

import pytest

from fhir_vitiligo.terminology import registry


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Vitiligo Area Scoring Index (VASI) total", "vasi"),
        ("VASI total", "vasi"),
        ("total VASI", "t-vasi"),
        ("VES (Vitiligo Extent Score)", "ves"),
        ("DLQI Total Score (0-30)", "dlqi"),
        ("T-VASI (0 to 100)", "t-vasi"),
        ("VIDA (-1 to +4) result", "vida"),
    ],
)
def test_words_that_every_score_may_have_are_taken_off(text: str, key: str) -> None:
    found = registry.recognise_text("instrument", text)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    "text",
    [
        "VES (VASI)",
        "VASI (baseline)",
        "total",
        "score",
        "(0-30)",
        "F-VASI75",
        "VASI total of last year",
        "VASI total face",
        "()",
    ],
)
def test_words_that_say_more_are_not(text: str) -> None:
    assert registry.recognise_text("instrument", text) is None


def test_only_instruments_have_results() -> None:
    assert registry.recognise_text("drug", "tacrolimus total") is None
