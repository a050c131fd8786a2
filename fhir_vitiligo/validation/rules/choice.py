"""A choice element carries one of its types (https://hl7.org/fhir/R4/formats.html#choice)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.schema import ObjectSchema
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.place import Rule


def make(schema: ObjectSchema, _: Library) -> Rule | None:
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
    names = choice_of.keys()

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        # Most objects have one or none; looking for that costs little.
        if len(names & value.keys()) < 2:
            return
        first: dict[str, str] = {}
        for key in value:
            if (choice := choice_of.get(key)) is None:
                continue
            plain = key.removeprefix("_")
            if first.setdefault(choice, plain) != plain:
                text = f"`{first[choice]}` and `{plain}` are both here: `{choice}[x]` takes one of them."
                yield Fault("choice", "structure", text)

    return check
