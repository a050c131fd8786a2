"""How a primitive value is written (https://hl7.org/fhir/R4/datatypes.html#primitive)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.fhir.primitives import PRIMITIVES, control_character
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import Property


def make(one: Property, _: Definitions) -> Callable[[Any], Iterable[Fault]] | None:
    if one.kind != "primitive":
        return None
    problem = PRIMITIVES[one.type.code]

    def check(value: Any) -> Iterable[Fault]:
        found = problem(value)
        return () if found is None else (Fault("primitive", "value", f"`{one.key}` {found}"),)

    def check_text(value: Any) -> Iterable[Fault]:
        if (found := problem(value)) is not None:
            return (Fault("primitive", "value", f"`{one.key}` {found}"),)
        if (found := control_character(value)) is not None:
            return (Fault("primitive", "value", f"`{one.key}` {found}", severity="warning"),)
        return ()

    return check_text if one.type.code in ("string", "markdown") else check
