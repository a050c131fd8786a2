"""ext-1: an extension has a value or extensions of its own, not both
(https://hl7.org/fhir/R4/extensibility.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import ObjectSchema


def make(schema: ObjectSchema, _: Definitions) -> Callable[[Any], Iterable[Fault]] | None:
    if schema.path != "Extension":
        return None

    def check(value: Any) -> Iterable[Fault]:
        nested = "extension" in value
        if nested != any(key.startswith(("value", "_value")) for key in value if isinstance(key, str)):
            return ()
        found = "both a value and extensions" if nested else "neither a value nor extensions"
        return (Fault("ext-1", "invariant", f"The extension has {found}: it needs exactly one of them."),)

    return check
