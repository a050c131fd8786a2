"""maxLength and the regular expression a profile gives a primitive
(https://hl7.org/fhir/R4/extension-regex.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules.place import Place, Rule
from fhir_vitiligo.validation.text_forms import form_faults


def make(place: Place) -> Rule | None:
    most = place.element.max_length
    if most is not None and place.base is not None and place.base.max_length == most:
        most = None
    pattern = None if place.node is None else place.node.regex
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
        if pattern is None:
            return
        told = f"`{name}` is {shown(text)}, which does not match `{pattern}`{source}."
        untold = f"Whether `{name}` has the form that it has to have cannot be told"
        yield from form_faults(pattern, text, Fault("regex", "value", told), untold, source)

    return check
