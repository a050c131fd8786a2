"""A choice element carries one of its types (https://hl7.org/fhir/R4/formats.html#choice)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import ObjectSchema


def make(schema: ObjectSchema, _: Definitions) -> Callable[[Any], Iterator[Fault]] | None:
    """Only one of ``valueString``, ``valueQuantity``... may be there."""
    choice_of = {
        spelled: element.name
        for element in schema.elements
        if element.is_choice and len(schema.keys[element.name]) > 1
        for key in schema.keys[element.name]
        for spelled in (key, f"_{key}")
    }
    if not choice_of:
        return None

    def check(value: Any) -> Iterator[Fault]:
        first: dict[str, str] = {}
        for key in value:
            choice = choice_of.get(key)
            if choice is None:
                continue
            plain = key.removeprefix("_")
            if first.setdefault(choice, plain) != plain:
                text = f"`{first[choice]}` and `{plain}` are both here: `{choice}[x]` takes one of them."
                yield Fault("choice", "structure", text)

    return check
