"""The generated CodeSystem is what ``concepts.csv`` says."""

from __future__ import annotations

import re
from pathlib import Path

from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.systems import LOCAL

ROOT = Path(__file__).resolve().parents[2]
FSH = ROOT / "profiles" / "input" / "fsh" / "codesystems" / "vitiligo.fsh"


def test_it_defines_the_local_codes_and_no_other() -> None:
    text = FSH.read_text(encoding="utf-8")
    defined = re.findall(r'^\* #(\S+) "', text, re.MULTILINE)
    emitted = {
        concept.local_code
        for category in registry.categories()
        for concept in registry.concepts(category)
        if concept.local_code is not None
    }
    assert len(defined) == len(set(defined))
    assert set(defined) == emitted
    assert f'* ^url = "{LOCAL}"' in text


def test_more_general_codes_are_defined() -> None:
    text = FSH.read_text(encoding="utf-8")
    defined = set(re.findall(r'^\* #(\S+) "', text, re.MULTILINE))
    assert set(re.findall(r"valueCode = #(\S+)$", text, re.MULTILINE)) <= defined
