"""maxLength and the regular expression a profile gives a primitive
(https://hl7.org/fhir/R4/extension-regex.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules.place import Place, Rule

# A profile's expression meets no longer text than this: nobody bounds what it may cost.
_MATCHED = 2_000


def make(place: Place) -> Rule | None:
    most = place.element.max_length
    if most is not None and place.base is not None and place.base.max_length == most:
        most = None
    pattern = _pattern(place)
    if place.one.kind != "primitive" or (most is None and pattern is None):
        return None
    name, source = place.name, place.source

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        text = value if isinstance(value, str) else None
        if text is None:
            return
        if most is not None and len(text) > most:
            told = f"`{name}` has {len(text)} characters: at most {most} are allowed{source}."
            yield Fault("max-length", "value", told)
        if pattern is not None and len(text) <= _MATCHED and pattern.fullmatch(text) is None:
            told = f"`{name}` is {shown(text)}, which does not match `{pattern.pattern}`{source}."
            yield Fault("regex", "value", told)

    return check


def _pattern(place: Place) -> re.Pattern[str] | None:
    told = None if place.node is None else place.node.regex
    if told is None:
        return None
    try:
        return re.compile(told)
    except re.error:
        # Java's expressions are not all Python's; what cannot be read is not checked.
        return None
