"""The regular expressions of ``matches()`` and ``replaceMatches()``, in which ``.`` matches a line break too.

http://hl7.org/fhirpath/N1/#matches
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fhir_vitiligo.fhir.bounded_patterns import Pattern, PatternError, run
from fhir_vitiligo.fhir.fhirpath.faults import Place

_REPLACEMENT = re.compile(r"\\(.)|\$(\d)|\$\{(\w+)\}", re.DOTALL)


def search(pattern: str, text: str, place: Place) -> bool:
    return bool(_run(pattern, text, place, lambda compiled: compiled.search(text)))


def matches_whole(pattern: str, text: str, place: Place) -> bool:
    return bool(_run(pattern, text, place, lambda compiled: compiled.fullmatch(text)))


def replace(pattern: str, replacement: str, text: str, place: Place) -> str:
    """Java's ``$1`` names a group in the replacement, a backslash takes a character as it is."""

    def written(found: re.Match[str]) -> str:
        if found[1]:
            return "\\\\" if found[1] == "\\" else found[1]
        return f"\\g<{found[2] or found[3]}>"

    made = _REPLACEMENT.sub(written, replacement)
    return str(_run(pattern, text, place, lambda compiled: compiled.sub(made, text)))


def _run(pattern: str, text: str, place: Place, apply: Callable[[Pattern], Any]) -> Any:
    try:
        return run(pattern, text, apply, over_lines=True)
    except PatternError as error:
        if error.kind == "limit":
            raise place.error(str(error), "limit") from None
        raise place.error(str(error)) from None
