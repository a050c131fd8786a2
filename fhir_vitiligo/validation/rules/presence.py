"""Whether a primitive has a value or an extension that may stand for one
(https://hl7.org/fhir/R5/elementdefinition.html#ElementDefinition.mustHaveValue, ``valueAlternatives``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules.place import Place, Rule


def make(place: Place) -> Rule | None:
    node = place.node
    if node is None or place.one.kind != "primitive" or not (node.must_have_value or node.alternatives):
        return None
    name, source, allowed = place.name, place.source, frozenset(node.alternatives)
    asked = f"it needs a value or one of {', '.join(sorted(allowed))}" if allowed else "it needs a value"

    def check(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        if value is not None:
            return ()
        extensions = companion.get("extension") if isinstance(companion, dict) else None
        stated = {one.get("url") for one in extensions or () if isinstance(one, dict)}
        if allowed & stated:
            return ()
        return (Fault("must-have-value", "required", f"`{name}` has no value: {asked}{source}."),)

    return check
