"""Changing JSON in a thousand ways, and saying where a change can be seen again."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from fhir_vitiligo.case.io import dump_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.mapping.residue import Residue

Json = dict[str, Any]
Path = tuple[str | int, ...]


def leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every primitive of a JSON tree but ``resourceType``, which says what the rest is."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name != "resourceType":
                yield from leaves(value, (*path, name))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, (*path, index))
    elif node is not None:
        yield path, node


def replaced(node: Any, path: Path, value: Any) -> Any:
    """A copy of the tree in which one place is another value; what is not on the way is shared."""
    if not path:
        return value
    if isinstance(node, dict):
        return {**node, path[0]: replaced(node[path[0]], path[1:], value)}
    return [replaced(item, path[1:], value) if index == path[0] else item for index, item in enumerate(node)]


def marker(value: Any, number: int) -> Any:
    """A value of the same JSON type that occurs nowhere else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return 771_000_000 + number
    if isinstance(value, Decimal | float):
        return Decimal(f"771{number:06}.25")
    return f"Zqx{number}Xqz"


def seen(mark: Any, case: Case, residue: list[Residue]) -> bool:
    """Whether a marker is in the case's file, or in the residue at a place that is named."""
    text = str(mark)
    if text in dump_case(case):
        return True
    return any(one.expression and text in str(one.value) for one in residue)


def mutated(node: Any, source: random.Random) -> Any:
    """A copy with a few nodes dropped, doubled, retyped or moved elsewhere."""
    node = copy.deepcopy(node)
    for _ in range(source.randint(1, 6)):
        places = list(_places(node))
        if not places:
            break
        parent, name = source.choice(places)
        try:
            _change(parent, name, source, places)
        except (KeyError, IndexError):
            continue  # an earlier change took the place away
    return node


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    stack = [node]
    while stack:
        around = stack.pop()
        members = around.items() if isinstance(around, dict) else enumerate(around)
        for name, value in list(members):
            yield around, name
            if isinstance(value, dict | list):
                stack.append(value)


_OTHER_TYPES: tuple[Any, ...] = (
    None, True, 0, -1, 10**40, Decimal("1.50"), Decimal("1E+40"), "", " ", "x", "\u0000", "a" * 5000, [], {}, [None], [[]], [{}],
    {"x": {}}, {"extension": "x"}, {"reference": 7}, {"reference": "#"}, {"coding": {}}, {"coding": [{"code": 5, "system": []}]},
    [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}], "2024-13-45", "urn:uuid:x", "#",
)  # fmt: skip


def _change(parent: Any, name: Any, source: random.Random, places: list[tuple[Any, Any]]) -> None:
    match source.randint(0, 5):
        case 0:
            del parent[name]
        case 1 if isinstance(parent, list):
            parent.insert(name, copy.deepcopy(parent[name]))
        case 2:
            parent[name] = [parent[name]]
        case 3:
            other, place = source.choice(places)
            if len(repr(other[place])) < 2000:  # else a few such changes would make gigabytes
                parent[name] = copy.deepcopy(other[place])
        case 4 if isinstance(parent, dict):
            parent[source.choice(("value", "extension", "code", "_" + str(name), "unit", "text"))] = (
                parent.pop(name)
            )
        case _:
            parent[name] = copy.deepcopy(source.choice(_OTHER_TYPES))
