"""What a reader of FHIR makes of a resource whose JSON is not written as its types are
(https://hl7.org/fhir/R4/json.html).

Text where an object belongs is nothing to a reader. Told once where it stands, it is then missing: an element that
has to be there is not there, and what referred to it leads nowhere. So a malformed resource is walked twice, as
written for its form, and as read for everything else.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import FROM_TEXT
from fhir_vitiligo.fhir.schema import ObjectSchema, Property, Schemas


class Reading:
    """``resource`` is what is left. An object that nothing is left of still counts as an element, and
    expressions do not find it: :meth:`seen` is an object without those.
    """

    def __init__(self, resource: Json, schemas: Schemas) -> None:
        self._schemas = schemas
        # By the identity of an object in ``resource``.
        self._seen: dict[int, Json] = {}
        self.resource = self._resource(resource)
        self._without_empty(self.resource)

    def seen(self, value: Any) -> Any:
        """An object of ``resource`` as expressions see it; anything else is itself."""
        return self._seen.get(id(value), value)

    def _resource(self, value: Json) -> Json:
        name = value.get("resourceType")
        if not isinstance(name, str) or name not in self._schemas.definitions.resource_types:
            # Nobody knows what is in it.
            return {}
        return self._object(value, self._schemas.of(name))

    def _object(self, value: Json, schema: ObjectSchema) -> Json:
        left: Json = {}
        for key, item in value.items():
            if key == "resourceType" and schema.is_resource:
                left[key] = item
                continue
            one = schema.properties.get(key)
            if one is None and isinstance(key, str) and key.startswith("_"):
                one = schema.properties.get(key[1:])
            if one is None or one.key in left or f"_{one.key}" in left:
                continue
            if one.kind == "primitive":
                beside = value.get(f"_{one.key}") if one.companion else None
                self._primitive(left, one, value.get(one.key), beside)
            elif one.key == key and (read := self._complex(one, item)) is not None:
                left[key] = read
        return left

    def _complex(self, one: Property, item: Any) -> Any:
        if not one.is_list:
            return self._entry(one, item)
        # One where many may be is read as one. What cannot be read keeps its place, so that places stay true.
        entries = [self._entry(one, entry) for entry in (item if isinstance(item, list) else [item])]
        return entries if any(entry is not None for entry in entries) else None

    def _entry(self, one: Property, item: Any) -> Json | None:
        if not isinstance(item, dict):
            return None
        return (
            self._resource(item)
            if one.kind == "resource"
            else self._object(item, self._schemas.of(one.content))
        )

    def _primitive(self, left: Json, one: Property, value: Any, beside: Any) -> None:
        """A value and its companion are read together, or neither is."""
        if not one.is_list:
            value, beside = self._pair(one, value, beside)
        elif not isinstance(value, list | None) or not isinstance(beside, list | None):
            return
        else:
            value, beside = self._pairs(one, value or [], beside or [])
        if value is not None:
            left[one.key] = value
        if beside is not None:
            left[f"_{one.key}"] = beside

    def _pairs(self, one: Property, values: list[Any], beside: list[Any]) -> tuple[Any, Any]:
        count = max(len(values), len(beside))
        pairs = [
            self._pair(
                one,
                values[index] if index < len(values) else None,
                beside[index] if index < len(beside) else None,
            )
            for index in range(count)
        ]
        kept, companions = [value for value, _ in pairs], [more for _, more in pairs]
        return (
            kept if any(value is not None for value in kept) else None,
            companions if any(more is not None for more in companions) else None,
        )

    def _pair(self, one: Property, value: Any, beside: Any) -> tuple[Any, Any]:
        if isinstance(value, dict | list) or not isinstance(beside, dict | None):
            return None, None
        if beside is not None:
            beside = self._object(beside, self._schemas.of("Element"))
        return (None if value is None else _meant(one.type.code, value)), beside

    def _without_empty(self, value: Any) -> Any:
        """The value as expressions see it, None where it is empty; what differs is kept by identity."""
        if isinstance(value, dict):
            seen = {
                key: found for key, item in value.items() if (found := self._without_empty(item)) is not None
            }
            if len(seen) != len(value) or any(seen[key] is not item for key, item in value.items()):
                self._seen[id(value)] = seen
                return seen or None
            return value or None
        if isinstance(value, list):
            entries = [self._without_empty(item) for item in value]
            if all(found is item for found, item in zip(entries, value, strict=True)):
                return value
            return entries if any(found is not None for found in entries) else None
        return value


def _meant(code: str, value: Any) -> Any:
    """A number written as text and the like, as a reader takes it; itself where it is no such thing."""
    if code in FROM_TEXT:
        return FROM_TEXT[code](value) if isinstance(value, str) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | Decimal) else value
