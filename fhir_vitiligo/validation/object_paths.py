"""Where an object stands in a resource, found by looking for it: only ever asked once something is wrong."""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.json import Json


def path_of(resource: Json, wanted: dict[str, Any]) -> str | None:
    """The path without indexes (``Patient.name.family``), a primitive's companion by the name of its value.

    None where the object is not inside. Choices keep their JSON name (``Observation.valueQuantity``).
    """
    todo: list[tuple[Any, str]] = [(resource, str(resource.get("resourceType", "")))]
    while todo:
        value, path = todo.pop()
        if value is wanted:
            return path
        if isinstance(value, dict):
            todo.extend(
                (item, f"{path}.{str(key).removeprefix('_')}")
                for key, item in value.items()
                if isinstance(item, dict | list)
            )
        elif isinstance(value, list):
            todo.extend((item, path) for item in value if isinstance(item, dict | list))
    return None


def holder_of(resource: Json, wanted: dict[str, Any]) -> Json | None:
    """The object that ``wanted`` is a value of; None where it is not inside."""
    todo: list[Any] = [resource]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            if any(item is wanted for item in value.values()):
                return value
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return None
