"""The residue: every leaf of what came in that the case does not carry, with its place.

A leaf is carried when a map read it, or when the case, written again, says the same at the same place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_vitiligo.fhir.definition_types import Element
from fhir_vitiligo.fhir.definitions import Definitions, definitions_of
from fhir_vitiligo.fhir.release import Release

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Residue:
    """One leaf that no map carried: the ``resource`` (``Type/id``), a FHIRPath ``expression``, the JSON
    ``value``.
    """

    resource: str
    expression: str
    value: Any

    def as_dict(self) -> dict[str, Any]:
        """The plain form: ``{resource, expression, value}``."""
        return {"resource": self.resource, "expression": self.expression, "value": self.value}

    def __getitem__(self, name: str) -> Any:
        """``one["value"]``, as of the plain form."""
        return self.as_dict()[name]


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
    """A FHIRPath for a JSON path: ``valueQuantity`` is ``value``, ``_birthDate`` is ``birthDate``, lists have
    an index.
    """
    names = element_names(release, resource_type, tuple(step for step in path if isinstance(step, str)))
    text, used = resource_type, 0
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += "." + names[used]
            used += 1
    return text


@lru_cache(maxsize=8192)
def element_names(release: Release, resource_type: str, members: tuple[str, ...]) -> tuple[str, ...]:
    """The element names of JSON members: the definitions tell a choice from a name that looks like one."""
    definitions = definitions_of(release)
    place: str | None = resource_type
    names = []
    for member in members:
        name = member.removeprefix("_")
        element, chosen = _find(definitions, place, name)
        names.append(element.name if element is not None else name)
        place = None
        if element is not None:
            code = chosen or (element.types[0].code if len(element.types) == 1 else "")
            if element.content_reference is not None:
                place = element.content_reference
            elif code in ("BackboneElement", "Element"):
                place = element.path
            elif code in definitions.complex_types:
                place = code
            else:
                place = "Element"  # a primitive: its id and extensions
    return tuple(names)


def _find(definitions: Definitions, place: str | None, name: str) -> tuple[Element | None, str]:
    """The element that a member is, below a place, and the type it was chosen with."""
    try:
        structure = definitions.structure((place or "").partition(".")[0])
    except KeyError:
        return None, ""
    element = structure.element(f"{place}.{name}")
    if element is not None:
        return element, ""
    for choice in structure.children(place or ""):
        if choice.is_choice and name.startswith(choice.name):
            for one in choice.types:
                if name[len(choice.name) :] == one.code[0].upper() + one.code[1:]:
                    return choice, one.code
    return None, ""
