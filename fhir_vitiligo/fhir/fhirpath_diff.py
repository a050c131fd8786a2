"""What makes one resource out of another, as a FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html).

``fhirpath_patch(older, difference(older, newer, release), release) == newer`` for valid resources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import Property, Schemas, schemas_of


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
        for key in older:
            if key not in newer and (prop := properties.get(key)) is not None:
                yield from self._gone(older[key], path, prop)
        for key, value in newer.items():
            prop = properties.get(key)
            if prop is None or value == older.get(key):
                continue
            if key not in older:
                yield from self._added(value, path, prop)
            elif prop.is_list:
                yield from self._lists(older[key], value, f"{path}.{prop.element.name}", path, prop)
            else:
                yield from self._changed(older[key], value, f"{path}.{prop.element.name}", prop)

    def _gone(self, value: Any, path: str, prop: Property) -> Iterator[Json]:
        name = prop.element.name
        if not prop.is_list:
            yield _operation("delete", path=f"{path}.{name}")
            return
        for index in reversed(range(len(value))):
            yield _operation("delete", path=f"{path}.{name}[{index}]")

    def _added(self, value: Any, path: str, prop: Property) -> Iterator[Json]:
        for one in value if prop.is_list else [value]:
            yield _operation("add", path=path, name=prop.element.name, value=self._value(one, prop))

    def _lists(
        self, older: list[Any], newer: list[Any], path: str, around: str, prop: Property
    ) -> Iterator[Json]:
        shared = min(len(older), len(newer))
        for index in range(shared):
            if older[index] != newer[index]:
                yield from self._changed(older[index], newer[index], f"{path}[{index}]", prop)
        for index in reversed(range(shared, len(older))):
            yield _operation("delete", path=f"{path}[{index}]")
        yield from self._added(newer[shared:], around, prop)

    def _changed(self, older: Any, newer: Any, path: str, prop: Property) -> Iterator[Json]:
        if prop.kind == "complex" and isinstance(older, dict) and isinstance(newer, dict) and newer:
            yield from self.objects(older, newer, path, prop.content)
        else:
            yield _operation("replace", path=path, value=self._value(newer, prop))

    def _value(self, value: Any, prop: Property) -> Json:
        """``value[x]`` or ``resource``; an element of a type without a name as parts."""
        if prop.kind == "resource":
            return {"resource": value}
        if prop.kind == "primitive" or "." not in prop.content:
            code = prop.type.code
            return {f"value{code[0].upper()}{code[1:]}": value}
        properties = self.schemas.of(prop.content).properties
        return {
            "part": [
                {"name": inner.element.name, **self._value(one, inner)}
                for key, told in value.items()
                if (inner := properties.get(key)) is not None
                for one in (told if inner.is_list else [told])
            ]
        }


def _operation(kind: str, *, path: str, name: str | None = None, value: Json | None = None) -> Json:
    parts: list[Json] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    if name is not None:
        parts.append({"name": "name", "valueString": name})
    if value is not None:
        parts.append({"name": "value", **value})
    return {"name": "operation", "part": parts}
