"""Units of measure in UCUM: from words as people write them to codes, and a check of what claims to be a code.

The grammar and what a unit is worth are in :mod:`fhir_vitiligo.fhir.units`.
"""

from __future__ import annotations

from fhir_vitiligo.fhir import units
from fhir_vitiligo.terminology.registry import recognise_text


def unit(text: str) -> str | None:
    """The UCUM code for a unit as people write it (``cc``, ``years``, ``J/cm²``), if registered."""
    found = recognise_text("unit", text)
    return None if found is None else found.key


def is_valid(code: str) -> bool:
    """Whether ``code`` is a case-sensitive UCUM expression: ``mJ/cm2`` and ``{score}`` are, ``cc`` is not."""
    return units.unit(code) is not None
