"""Texts held against the regular expression that a profile or questionnaire gives for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fhir_vitiligo.fhir.bounded_patterns import PatternError, fullmatch
from fhir_vitiligo.validation.faults import Fault


def form_faults(pattern: str, text: str, wrong: Fault, untold: str, source: str = "") -> Iterator[Fault]:
    """``wrong`` where the text does not have the form of the pattern; where nobody can say, a warning with what is ``untold``
    and why. ``source`` is the profile that asks for it.
    """
    try:
        if not fullmatch(pattern, text):
            yield wrong
    except PatternError as error:
        code = "too-costly" if error.kind == "limit" else "invalid"
        yield replace(wrong, code=code, text=f"{untold}: {error}{source}.", severity="warning")
