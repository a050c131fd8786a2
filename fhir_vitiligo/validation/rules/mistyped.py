"""A value of a type that the profile does not allow, read as the one type that it does
(https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.type).

That its type is wrong is told before; here is told what of it would have no place in the right one. HL7's engine
goes on to tell the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.primitives import FROM_TEXT, PRIMITIVES
from fhir_vitiligo.fhir.schema import Property, Schemas
from fhir_vitiligo.validation.faults import Fault

# What every type has.
_COMMON = frozenset({"id", "extension"})


def faults(value: Any, one: Property, wanted: Property, schemas: Schemas) -> Iterator[Fault]:
    """``value`` is written as ``one`` and has to be ``wanted``; the places are relative to the value."""
    code = wanted.type.code
    if isinstance(value, dict) and one.kind == "complex":
        yield from _members(value, one, wanted, schemas)
    elif wanted.kind == "primitive" and isinstance(value, bool | int | Decimal | str):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        problem = PRIMITIVES[code](FROM_TEXT[code](text) if code in FROM_TEXT else text)
        if problem is not None:
            yield Fault("primitive", "value", f"`{one.key}` {problem}")


def _members(value: dict[str, Any], one: Property, wanted: Property, schemas: Schemas) -> Iterator[Fault]:
    table = schemas.of(one.content)
    known = schemas.of(wanted.content).keys.keys() if wanted.kind == "complex" else _COMMON
    for key, item in value.items():
        member = table.properties.get(key)
        if member is None or member.element.name in known:
            continue
        text = f"`{key}` is not an element of {wanted.type.code}, which `{one.key}` has to be."
        count = len(item) if isinstance(item, list) else None
        for step in [member.step] if count is None else [f"{member.step}[{index}]" for index in range(count)]:
            yield Fault("choice", "structure", text, steps=[step])
