"""Search parameters, ready for use: the official definitions joined with their search type and their
compiled path.

https://hl7.org/fhir/R4/searchparameter.html. What is defined but cannot be searched here is listed with the
reason (:meth:`Parameters.left_out`), so that a query can refuse it by name and the capability statement can
say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definitions import Definitions, SearchParameter, definitions_of
from fhir_vitiligo.fhir.paths import Path, compile_path
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.types import SEARCH_TYPES
from fhir_vitiligo.search.types.base import SearchType
from fhir_vitiligo.search.types.date import DATE
from fhir_vitiligo.search.types.special import LOGICAL_ID

_RESOLVES_TO = re.compile(r"resolve\(\)\s+is\s+(\w+)")

# Answered from what the store keeps of every resource: column of the search type -> property of the stored
# version.
_STORED: Mapping[str, tuple[SearchType, Mapping[str, str]]] = MappingProxyType(
    {
        "_id": (LOGICAL_ID, MappingProxyType({"id": "id"})),
        "_lastUpdated": (DATE, MappingProxyType({"low": "updated", "high": "updated"})),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A search parameter of one resource type.

    ``stored``: the store's own properties that stand for the columns of ``type``; such a parameter has no
    index rows.
    """

    resource_type: str
    definition: SearchParameter
    type: SearchType
    targets: tuple[str, ...]
    values: Path
    stored: Mapping[str, str] | None = None

    @property
    def code(self) -> str:
        return self.definition.code


class _Source(Protocol):
    """What is needed of :class:`~fhir_vitiligo.fhir.definitions.Definitions`."""

    @property
    def resource_types(self) -> tuple[str, ...]: ...
    @property
    def type_names(self) -> tuple[str, ...]: ...
    def search_parameters(self, resource_type: str) -> Mapping[str, SearchParameter]: ...


class Parameters:
    """The search parameters of a release by resource type and code; a type is compiled when it is first
    asked for.
    """

    def __init__(self, definitions: _Source | Definitions) -> None:
        self._definitions = definitions
        self._of: dict[str, tuple[Mapping[str, Parameter], Mapping[str, str]]] = {}
        self.resource_types = frozenset(definitions.resource_types)

    def of(self, resource_type: str) -> Mapping[str, Parameter]:
        """What can be searched of this resource type, by code; :class:`KeyError` for what is no resource
        type.
        """
        return self._compiled(resource_type)[0]

    def left_out(self, resource_type: str) -> Mapping[str, str]:
        """What the release defines for this type and cannot be searched here: code to reason."""
        return self._compiled(resource_type)[1]

    def fingerprint_parts(self) -> Iterable[str]:
        """A line a parameter: when one changes, the index rows made from it are out of date."""
        for resource_type in sorted(self.resource_types):
            for code, definition in sorted(self._definitions.search_parameters(resource_type).items()):
                yield f"{resource_type} {code} {definition.type} {definition.expression}"

    def _compiled(self, resource_type: str) -> tuple[Mapping[str, Parameter], Mapping[str, str]]:
        found = self._of.get(resource_type)
        if found is None:
            if resource_type not in self.resource_types:
                raise KeyError(resource_type)
            usable: dict[str, Parameter] = {}
            left_out: dict[str, str] = {}
            for code, definition in self._definitions.search_parameters(resource_type).items():
                try:
                    usable[code] = _parameter(resource_type, definition, self._definitions.type_names)
                except InputError as error:
                    left_out[code] = error.issues[0].text
            found = self._of[resource_type] = (MappingProxyType(usable), MappingProxyType(left_out))
        return found


@cache
def parameters_of(release: Release) -> Parameters:
    """The one set of search parameters of this release."""
    return Parameters(definitions_of(release))


def _parameter(resource_type: str, definition: SearchParameter, type_names: Iterable[str]) -> Parameter:
    kind, stored = _STORED.get(definition.code, (SEARCH_TYPES.get(definition.type), None))
    if kind is None:
        raise InputError(f"search parameters of type {definition.type} are not served", code="not-supported")
    if definition.processing_mode != "normal":
        raise InputError(f"it asks for {definition.processing_mode} comparison", code="not-supported")
    path = compile_path(definition.expression, resource_type, type_names) if definition.expression else None
    if path is None:
        raise InputError("the release defines no path for it: it needs code of its own", code="not-supported")
    return Parameter(resource_type, definition, kind, _targets(resource_type, definition), path, stored)


def _targets(resource_type: str, definition: SearchParameter) -> tuple[str, ...]:
    """The types the parameter may point to, narrowed where its path says ``resolve() is Patient``."""
    branches = [
        part for part in definition.expression.split("|") if part.strip(" (").startswith(f"{resource_type}.")
    ]
    narrowed = [_RESOLVES_TO.search(branch) for branch in branches]
    if narrowed and all(narrowed):
        return tuple(sorted({match[1] for match in narrowed if match}))
    return definition.target
