"""Contained resources in the index, so that chains lead into them: ``MedicationRequest?medication.code=...`` finds what
contains such a Medication, too (https://hl7.org/fhir/R4/search.html#chaining, #contained).

They have rows of their own, which no other search looks at, and the references that lead to them have a row that says
where. What nothing refers to by a search parameter cannot be reached, and has none.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.search.types.base import Row, SearchType
from fhir_vitiligo.search.types.reference import REFERENCE

if TYPE_CHECKING:
    from fhir_vitiligo.search.extract import IndexRows
    from fhir_vitiligo.search.parameters import Parameter, TypeParameters

MOST = 1024
"""Contained resources of one resource that chains lead to, the first ones."""
INSIDE = "#"
"""In the row of a reference in place of the id: its type is the contained resource's, its base the place."""
_NAMED = ".contained"  # behind a place, as an id while references are read
_DEEPEST = 100
_MARK = re.compile(rb'"(?:#|\\u0023)')  # of a reference to a contained resource, in JSON


@dataclass(frozen=True, slots=True)
class Contained:
    """A parameter of the contained resource at ``place``, from 0."""

    parameter: Parameter
    place: int

    @property
    def type(self) -> SearchType:
        return self.parameter.type


def add_contained(
    found: IndexRows,
    resource: Json,
    parameters: TypeParameters,
    texts: Mapping[str, bytes] | None,
    of: Callable[[str], TypeParameters],
) -> None:
    """Adds to the rows of a resource those of what it contains and refers to. ``texts`` as for
    :func:`~fhir_vitiligo.search.extract.index_rows`. ``of`` gives the parameters of a type, :class:`KeyError` for what is
    none.
    """
    contained = resource.get("contained")
    if not isinstance(contained, list):
        return
    inside = [one if _is_named(one) else {} for one in contained[:MOST]]
    names = {f"#{one['id']}": f"{one['resourceType']}/{n}{_NAMED}" for n, one in enumerate(inside) if one}
    if not names:
        return
    rest = {name: value for name, value in resource.items() if name != "contained"}
    waiting = list(_link(found, None, rest, parameters, names, texts))
    done: set[int] = set()
    while waiting:
        place = waiting.pop()
        if place in done:
            continue
        done.add(place)
        one = inside[place]
        try:
            own = of(one["resourceType"])
        except KeyError:
            continue
        for parameter, rows in own.extraction(one, None).items():
            assert not isinstance(parameter, Contained)
            found[Contained(parameter, place)] = rows
        waiting += _link(found, place, one, own, names, None)


def _link(
    found: IndexRows,
    at: int | None,
    resource: Json,
    parameters: TypeParameters,
    names: Mapping[str, str],
    texts: Mapping[str, bytes] | None,
) -> set[int]:
    """Adds a row for every reference to a contained one, from the resource or (``at``) from what it contains at a place; the
    places that are referred to.
    """
    places: set[int] = set()
    # A path may ask for the type of what is referred to: it is told as of a reference to a type.
    told = {
        name: value
        if texts is not None and not _MARK.search(texts.get(name, b""))
        else _renamed(value, names, 0)
        for name, value in resource.items()
    }
    targets = frozenset(names.values())
    linking = [name for name, value in told.items() if value is not resource[name]]
    for parameter in parameters.extraction.concerned(linking) if linking else ():
        if parameter.type is not REFERENCE or parameter.stored is not None:
            continue
        rows: set[Row] = set()
        for id, kind, _ in (row for value in parameter.values(told) for row in REFERENCE.rows(value)):
            place = str(id).removesuffix(_NAMED)
            if place != id and f"{kind}/{id}" in targets:
                rows.add((INSIDE, kind, place))
                places.add(int(place))
        if rows:
            key = parameter if at is None else Contained(parameter, at)
            found[key] = found.get(key, frozenset()) | rows
    return places


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(name), str) for name in ("id", "resourceType")
    )


def _renamed(value: Any, names: Mapping[str, str], depth: int) -> Any:
    """The value itself where there is nothing to rename."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        told = {
            name: names.get(child, child)
            if name == "reference" and isinstance(child, str)
            else _renamed(child, names, depth + 1)
            for name, child in value.items()
            if isinstance(child, (dict, list)) or name == "reference"
        }
        return {**value, **told} if any(child is not value[name] for name, child in told.items()) else value
    if isinstance(value, list):
        told_each = [_renamed(one, names, depth + 1) for one in value]
        return told_each if any(map(operator.is_not, told_each, value)) else value
    return value
