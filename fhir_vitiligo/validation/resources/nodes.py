"""Looking into resources that may hold anything: the walk tells what has the wrong shape, rules step over it."""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.validation.shapes import objects

__all__ = ["below", "numbered", "objects"]


def numbered(value: Any) -> list[tuple[int, Json]]:
    """The objects of a list with their places."""
    return (
        [(index, one) for index, one in enumerate(value) if isinstance(one, dict)]
        if isinstance(value, list)
        else []
    )


def below(path: str, resource: Json) -> str:
    """A path without the resource's type, which is of any shape in a broken one (``0.0``)."""
    return path[len(str(resource.get("resourceType", ""))) + 1 :]
