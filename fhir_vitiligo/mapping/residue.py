"""The residue: every leaf of what came in that the case does not carry, with its place.

A leaf is carried when a map read it, or when the case, written again, says the same at the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.release import Release

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Residue:
    """One leaf that no map carried: the ``resource`` (``Type/id``), a FHIRPath ``expression``, the JSON ``value``."""

    resource: str
    expression: str
    value: Any

    def as_dict(self) -> dict[str, Any]:
        """The plain form: ``{resource, expression, value}``."""
        return {"resource": self.resource, "expression": self.expression, "value": self.value}


def leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every primitive value in a JSON tree with its path. ``null`` is no value."""
    stack: list[tuple[Path, Any]] = [(path, node)]
    while stack:
        place, value = stack.pop()
        if isinstance(value, dict):
            stack.extend(((*place, name), item) for name, item in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend(((*place, index), item) for index, item in reversed(list(enumerate(value))))
        elif value is not None:
            yield place, value


def at(node: Any, path: Path) -> Any:
    """The value at a path, or ``None``."""
    for step in path:
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def expression(release: Release, resource_type: str, path: Path) -> str:
    """A FHIRPath for a JSON path: ``valueQuantity`` is ``value``, ``_birthDate`` is ``birthDate``, lists have an index."""
    text = resource_type
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_element(release, step.removeprefix('_'))}"
    return text


@lru_cache(maxsize=4096)
def _element(release: Release, member: str) -> str:
    bases, types = _choices(release)
    for end in range(len(member) - 1, 0, -1):
        if member[end].isupper() and member[:end] in bases and member[end:] in types:
            return member[:end]
    return member


@lru_cache(maxsize=3)
def _choices(release: Release) -> tuple[frozenset[str], frozenset[str]]:
    """The names of choice elements, and of types as a choice spells them."""
    definitions = definitions_of(release)
    bases = {
        element.path.rpartition(".")[2].removesuffix("[x]")
        for name in definitions.type_names
        for element in definitions.structure(name).elements
        if element.path.endswith("[x]")
    }
    return frozenset(bases), frozenset(name[0].upper() + name[1:] for name in definitions.type_names)
