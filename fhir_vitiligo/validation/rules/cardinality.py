"""min and max (https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.min)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import ObjectSchema, Property


def required(schema: ObjectSchema, _: Definitions) -> Callable[[Any], Iterator[Fault]] | None:
    """Each element with a minimum is there, at least as ``_name`` with an extension that says why it has no
    value.
    """
    wanted = [
        (element.name, element.min, frozenset(key for name in keys for key in (name, f"_{name}")))
        for element in schema.elements
        if element.min > 0 and (keys := schema.keys[element.name])
    ]
    if not wanted:
        return None

    def check(value: Any) -> Iterator[Fault]:
        present = value.keys()
        for name, least, keys in wanted:
            if keys.isdisjoint(present):
                yield Fault("cardinality", "required", _missing(schema, name, keys))
            elif least > 1 and isinstance(entries := value.get(name), list) and len(entries) < least:
                yield Fault(
                    "cardinality", "required", f"`{schema.path}.{name}` needs at least {least} entries."
                )

    return check


def _missing(schema: ObjectSchema, name: str, keys: frozenset[str]) -> str:
    names = sorted(key for key in keys if not key.startswith("_"))
    if len(names) == 1:
        return f"`{schema.path}` needs `{names[0]}`, which is missing."
    return f"`{schema.path}` needs one of {', '.join(f'`{key}`' for key in names[:8])}; none is there."


def at_most(one: Property, _: Definitions) -> Callable[[Any], Iterator[Fault]] | None:
    most = one.element.max
    if most is None or most == 1:
        return None

    def check(value: Any) -> Iterator[Fault]:
        count = len(value) if isinstance(value, list) else 1
        if count > most:
            allowed = f"has {count} entries: at most {most} are allowed." if most else "must not be here."
            yield Fault("cardinality", "structure", f"`{one.key}` {allowed}")

    return check
