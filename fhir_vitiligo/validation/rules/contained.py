"""dom-2 to dom-5, what a contained resource may be (https://hl7.org/fhir/R4/references.html#contained).

Native, because they are the invariants of every resource; FHIRPath would pay for them each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.schema import ObjectSchema
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.place import Rule

# A narrative may show a contained picture, or lead to what is contained.
_LINK = re.compile(r"""(?:src|href)\s*=\s*["'](#[A-Za-z0-9\-.]{1,64})["']""")


def make(schema: ObjectSchema, _: Library) -> Rule | None:
    return _contained if schema.is_resource and "contained" in schema.properties else None


def _contained(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
    if "contained" not in value or not isinstance(contained := value["contained"], list):
        return
    if not context.options.contained:
        return
    referred = _reached(value, contained)
    names: set[str] = set()
    for index, inner in enumerate(contained):
        if not isinstance(inner, dict):
            continue
        place = [f"contained[{index}]"]
        for key, text in _faults_of(inner, referred):
            # As HL7's engine: what is said of all contained resources at once stands at the one around them.
            yield Fault(key, "invariant", text, steps=[] if key in _OF_ALL else list(place))
        if isinstance(name := inner.get("id"), str):
            if name in names:
                text = f"The id {shown(name)} is another contained resource's as well: nobody could tell which one is meant."
                yield Fault("duplicate-id", "duplicate", text, steps=place)
            names.add(name)


_OF_ALL = frozenset({"dom-4", "dom-5"})


def _faults_of(inner: dict[str, Any], referred: set[str]) -> Iterator[tuple[str, str]]:
    meta = inner.get("meta")
    if "contained" in inner:
        yield "dom-2", "A contained resource contains another one: move it up to the outer resource."
    name = inner.get("id")
    if f"#{name}" not in referred and "#" not in _local_references(inner):
        told = f"`#{name}`" if isinstance(name, str) else "it (it has no id)"
        yield (
            "dom-3",
            f"Nothing refers to {told}: the resource around a contained one has to refer to it.",
        )
    if isinstance(meta, dict):
        if "versionId" in meta or "lastUpdated" in meta:
            yield (
                "dom-4",
                "A contained resource has no version of its own: remove meta.versionId and meta.lastUpdated.",
            )
        if "security" in meta:
            yield (
                "dom-5",
                "A contained resource has no security label of its own: put it on the outer one.",
            )


def _reached(value: dict[str, Any], contained: list[Any]) -> set[str]:
    """What the outer resource refers to, itself or by way of contained ones that it refers to."""
    reached = _local_references({key: item for key, item in value.items() if key != "contained"})
    inside = {
        f"#{one['id']}": _local_references(one)
        for one in contained
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    }
    # One that refers to the container holds on by itself, and what it refers to with it.
    todo = [name for name, referred in inside.items() if name in reached or "#" in referred]
    while todo:
        for name in inside.get(todo.pop(), ()):
            if name not in reached:
                reached.add(name)
                todo.append(name)
    return reached


def _local_references(value: Any) -> set[str]:
    """Every string below that could be a reference to a contained resource, whatever element it is the value
    of.
    """
    found: set[str] = set()
    todo, seen = [value], set()
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            if item.startswith("#"):
                found.add(item)
            elif item.startswith("<"):
                found.update(_LINK.findall(item))
        elif isinstance(item, dict | list) and id(item) not in seen:
            seen.add(id(item))
            todo.extend(item.values() if isinstance(item, dict) else item)
    return found
