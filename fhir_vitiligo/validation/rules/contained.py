"""dom-2 to dom-5, what a contained resource may be (https://hl7.org/fhir/R4/references.html#contained).

Native, because they are the invariants of every resource; FHIRPath would pay for them each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import ObjectSchema


def make(schema: ObjectSchema, _: Definitions) -> Callable[[Any], Iterator[Fault]] | None:
    return _contained if schema.is_resource and "contained" in schema.properties else None


def _contained(value: Any) -> Iterator[Fault]:
    contained = value.get("contained")
    if not isinstance(contained, list):
        return
    referred = _local_references(value)
    for index, inner in enumerate(contained):
        if isinstance(inner, dict):
            for key, text in _faults_of(inner, referred):
                yield Fault(key, "invariant", text, steps=[f"contained[{index}]"])


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
        elif isinstance(item, dict | list) and id(item) not in seen:
            seen.add(id(item))
            todo.extend(item.values() if isinstance(item, dict) else item)
    return found
