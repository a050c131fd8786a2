"""What makes one resource out of another, as a FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html).

``fhirpath_patch(older, difference(older, newer, release), release) == newer`` for valid resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import Property, Schemas, schemas_of

_Element = tuple[Any, Any]


def difference(older: Json, newer: Json, release: Release) -> Json:
    """A Parameters resource with an ``operation`` for each difference, in an order in which they can be done."""
    kind = str(newer["resourceType"])
    operations = list(_Difference(schemas_of(release)).objects(older, newer, kind, kind))
    return {"resourceType": "Parameters", **({"parameter": operations} if operations else {})}


class _Difference:
    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas

    def objects(self, older: Json, newer: Json, path: str, content: str) -> Iterator[Json]:
        properties = self.schemas.of(content).properties
        both = {
            name: (_elements(older, name, prop), _elements(newer, name, prop))
            for name, prop in properties.items()
        }
        for name, (before, after) in both.items():
            if before and not after:
                yield from self._gone(before, path, properties[name])
        for name in newer:
            prop = properties.get(name.removeprefix("_"))
            if prop is None or (name[:1] == "_" and name[1:] in newer):
                continue
            before, after = both[name.removeprefix("_")]
            own = f"{path}.{prop.element.name}"
            if prop.is_list:
                yield from self._lists(before, after, own, path, prop)
            elif before and before != after:
                yield from self._changed(before[0], after[0], own, prop)
            elif not before:
                yield from self._added(after, path, prop)

    def _gone(self, elements: list[_Element], path: str, prop: Property) -> Iterator[Json]:
        name = prop.element.name
        if not prop.is_list:
            yield _operation("delete", path=f"{path}.{name}")
            return
        for index in reversed(range(len(elements))):
            yield _operation("delete", path=f"{path}.{name}[{index}]")

    def _added(self, elements: list[_Element], path: str, prop: Property) -> Iterator[Json]:
        for one in elements:
            yield _operation("add", path=path, name=prop.element.name, value=self._value(one, prop))

    def _lists(
        self, older: list[_Element], newer: list[_Element], path: str, around: str, prop: Property
    ) -> Iterator[Json]:
        shared = min(len(older), len(newer))
        for index in range(shared):
            if older[index] != newer[index]:
                yield from self._changed(older[index], newer[index], f"{path}[{index}]", prop)
        for index in reversed(range(shared, len(older))):
            yield _operation("delete", path=f"{path}[{index}]")
        yield from self._added(newer[shared:], around, prop)

    def _changed(self, older: _Element, newer: _Element, path: str, prop: Property) -> Iterator[Json]:
        (before, _), (after, _) = older, newer
        if prop.kind == "complex" and isinstance(before, dict) and isinstance(after, dict) and after:
            yield from self.objects(before, after, path, prop.content)
        else:
            yield _operation("replace", path=path, value=self._value(newer, prop))

    def _value(self, element: _Element, prop: Property) -> Json:
        """``value[x]`` or ``resource``; an element of a type without a name as parts."""
        value, beside = element
        if prop.kind == "resource":
            return {"resource": value}
        if prop.kind == "primitive" or "." not in prop.content:
            code = prop.type.code
            name = f"value{code[0].upper()}{code[1:]}"
            told = {name: value, f"_{name}": beside}
            return {key: one for key, one in told.items() if one is not None}
        return {
            "part": [
                {"name": inner.element.name, **self._value(one, inner)}
                for key, inner in self.schemas.of(prop.content).properties.items()
                for one in _elements(value, key, inner)
            ]
        }


def _elements(around: Json, name: str, prop: Property) -> list[_Element]:
    """The values of a property, and what ids and extensions stand beside those that are primitive."""
    values = around.get(name)
    beside = around.get(f"_{name}") if prop.kind == "primitive" else None
    if not prop.is_list:
        return [] if values is None and beside is None else [(values, beside)]
    return list(zip_longest(values or (), beside or ()))


def _operation(kind: str, *, path: str, name: str | None = None, value: Json | None = None) -> Json:
    parts: list[Json] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    if name is not None:
        parts.append({"name": "name", "valueString": name})
    if value is not None:
        parts.append({"name": "value", **value})
    return {"name": "operation", "part": parts}
