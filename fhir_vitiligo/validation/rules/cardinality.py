"""min and max (https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.min)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fhir_vitiligo.fhir.definitions import Element
from fhir_vitiligo.fhir.schema import ObjectSchema
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.place import Place, Rule
from fhir_vitiligo.validation.schema import Node, Schema

# How many there are, to the faults.
Count = Callable[[int], Sequence[Fault]]


def required(schema: ObjectSchema, _: Library) -> Rule | None:
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

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
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


def at_most(place: Place) -> Rule | None:
    most = place.element.max
    if most is None or most == 1:
        return None

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        count = len(value) if isinstance(value, list) else 1
        if count > most:
            allowed = f"has {count} entries: at most {most} are allowed." if most else "must not be here."
            yield Fault("cardinality", "structure", f"`{place.name}` {allowed}")

    return check


def profiled(schema: Schema, node: Node, base: Element) -> Count | None:
    """What a profile says beyond core; told of the object that the element should stand in."""
    least = node.element.min if node.element.min > base.min else 0
    most = node.element.max
    if most is not None and base.max is not None and most >= base.max:
        most = None
    return _counted(least, most, f"`{node.element.path}`", schema, "cardinality")


def sliced(schema: Schema, node: Node) -> Count | None:
    """How many occurrences a slice takes."""
    what = f"the slice `{node.slice_name}` of `{node.element.path}`"
    return _counted(node.element.min, node.element.max, what, schema, "slice-cardinality")


def _counted(least: int, most: int | None, what: str, schema: Schema, rule: str) -> Count | None:
    if not least and most is None:
        return None

    def check(count: int) -> Sequence[Fault]:
        if count < least:
            need = f"needs at least {least}" if least > 1 else "has to be there"
            text = f"{what} {need}; found {count} (profile {schema.canonical})."
            return (Fault(rule, "required", text[0].upper() + text[1:]),)
        if most is not None and count > most:
            allowed = f"may be there at most {most} times" if most else "must not be there"
            text = f"{what} {allowed}; found {count} (profile {schema.canonical})."
            return (Fault(rule, "structure", text[0].upper() + text[1:]),)
        return ()

    return check
