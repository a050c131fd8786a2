"""The core definitions of a release: types, elements, bindings, invariants, search parameters, value sets.

https://hl7.org/fhir/R4/structuredefinition.html, searchparameter.html, compartmentdefinition.html. The data
is made from HL7's packages by ``tools/build_definitions.py``; nothing is read before it is asked for, and a
type only when it is named.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fhir_vitiligo.fhir import definition_records as records
from fhir_vitiligo.fhir.definition_types import (
    CORE,
    Binding,
    Element,
    ExtensionDefinition,
    ExtensionPart,
    Invariant,
    Operation,
    OperationParameter,
    SearchParameter,
    Structure,
    TypeRef,
    ValueSetCodes,
)
from fhir_vitiligo.fhir.json import loads
from fhir_vitiligo.fhir.release import Release

__all__ = [
    "CORE",
    "Binding",
    "Definitions",
    "Element",
    "ExtensionDefinition",
    "ExtensionPart",
    "Invariant",
    "Operation",
    "OperationParameter",
    "SearchParameter",
    "Structure",
    "TypeRef",
    "ValueSetCodes",
    "definitions_of",
]

_FOLDER = Path(__file__).resolve().parent.parent / "definitions"
_GZIP = 31  # zlib's window bits for a gzip wrapper


@cache
def definitions_of(release: Release) -> Definitions:
    """The one set of definitions of this release."""
    return Definitions(release)


class Definitions:
    """Everything core says about one release; threads may share it. Get it by :func:`definitions_of`."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self._structures: dict[str, Structure] = {}
        self._searches: dict[str, Mapping[str, SearchParameter]] = {}
        self._value_sets: dict[str, ValueSetCodes] = {}
        self._extensions: dict[str, ExtensionDefinition] = {}

    @cached_property
    def resource_types(self) -> tuple[str, ...]:
        """Concrete resource types, sorted: 146 in R4, 141 in R4B, 158 in R5."""
        return self._names("resource")

    @cached_property
    def primitive_types(self) -> tuple[str, ...]:
        return self._names("primitive-type")

    @cached_property
    def complex_types(self) -> tuple[str, ...]:
        """Concrete datatypes with elements. SimpleQuantity is none of them: it is a profile of Quantity."""
        return self._names("complex-type")

    @cached_property
    def type_names(self) -> tuple[str, ...]:
        """Concrete datatypes, primitive and complex, sorted."""
        return tuple(sorted(self.primitive_types + self.complex_types))

    @cached_property
    def abstract_types(self) -> tuple[str, ...]:
        """``Element``, ``Resource``, ``DomainResource``...: never the type of a resource or of a value."""
        return tuple(name for name, (_, _, abstract, _) in self._types.items() if abstract)

    def ancestors(self, name: str) -> tuple[str, ...]:
        """The types a type descends from, nearest first: ``("DomainResource", "Resource")`` for Patient."""
        found: list[str] = []
        while name in self._types and (base := self._types[name][1]) in self._types:
            found.append(base)
            name = base
        return tuple(found)

    def structure(self, name: str) -> Structure:
        """A resource type or datatype, abstract ones too; :class:`KeyError` names what is not a type."""
        found = self._structures.get(name)
        if found is None:
            if name not in self._structure_lines:
                raise KeyError(f"{name} is not a type of FHIR {self.release.name}")
            record = loads(self._structure_lines[name])
            base = record.get("base")
            inherited = self.structure(base).elements[0].invariants if base in self._structure_lines else ()
            found = self._structures[name] = records.structure(name, record, inherited)
        return found

    def search_parameters(self, resource_type: str) -> Mapping[str, SearchParameter]:
        """By code, with those of the types it descends from (``_id``); empty for an unknown type."""
        found = self._searches.get(resource_type)
        if found is None:
            own: dict[str, SearchParameter] = {}
            if resource_type in self._types:
                for base in (*reversed(self.ancestors(resource_type)), resource_type):
                    own.update(self._searches_by_base.get(base, {}))
            found = self._searches[resource_type] = MappingProxyType(dict(sorted(own.items())))
        return found

    @cached_property
    def all_search_parameters(self) -> Mapping[str, SearchParameter]:
        """Every search parameter of core by id (``clinical-patient``), as composites name their parts."""
        lines = self._part("search")
        return MappingProxyType(
            {name: records.search_parameter(name, loads(line)) for name, line in lines.items()}
        )

    def value_set(self, url: str) -> ValueSetCodes | None:
        """A value set that core binds as required or maximum, by url, ``|version`` ignored; or ``None``."""
        name = url.partition("|")[0]
        found = self._value_sets.get(name)
        if found is None and name in self._value_set_lines:
            found = self._value_sets[name] = records.value_set(name, loads(self._value_set_lines[name]))
        return found

    def extension(self, url: str) -> ExtensionDefinition | None:
        """An extension that the core package itself defines (R5 moved all of them out of core)."""
        found = self._extensions.get(url)
        if found is None and url in self._extension_lines:
            found = self._extensions[url] = records.extension(url, loads(self._extension_lines[url]))
        return found

    @property
    def extension_urls(self) -> tuple[str, ...]:
        return tuple(self._extension_lines)

    def compartment(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """For ``Patient``: resource type to the search parameters that place it there (``{def}``: being it).

        A type that can never be inside is not named. :class:`KeyError` for what is not a compartment.
        """
        return self.compartments[name]

    @cached_property
    def compartments(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        return MappingProxyType(
            {
                name: MappingProxyType({kind: tuple(codes) for kind, codes in members.items()})
                for name, members in self._index["compartments"].items()
            }
        )

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """By id (``Patient-everything``)."""
        return MappingProxyType(
            {name: records.operation(name, record) for name, record in self._index["operations"].items()}
        )

    # What is read, and when.

    @cached_property
    def _index(self) -> dict[str, Any]:
        return {name: loads(line) for name, line in self._part("index").items()}

    @cached_property
    def _types(self) -> dict[str, tuple[str, str | None, bool, str | None]]:
        return {name: tuple(record) for name, record in self._index["types"].items()}

    @cached_property
    def _structure_lines(self) -> dict[str, bytes]:
        return self._part("structures")

    @cached_property
    def _value_set_lines(self) -> dict[str, bytes]:
        return self._part("value_sets")

    @cached_property
    def _extension_lines(self) -> dict[str, bytes]:
        return self._part("extensions")

    @cached_property
    def _searches_by_base(self) -> dict[str, dict[str, SearchParameter]]:
        by_base: dict[str, dict[str, SearchParameter]] = {}
        for parameter in self.all_search_parameters.values():
            for base in parameter.base:
                by_base.setdefault(base, {})[parameter.code] = parameter
        return by_base

    def _names(self, wanted: str) -> tuple[str, ...]:
        return tuple(
            name
            for name, (kind, _, abstract, derivation) in self._types.items()
            if kind == wanted and not abstract and derivation != "constraint"
        )

    def _part(self, part: str) -> dict[str, bytes]:
        """The undecoded records of a part by name; the first line is the header that names them."""
        packed = (_FOLDER / self.release.value / f"{part}.jsonl.gz").read_bytes()
        header, *lines = zlib.decompress(packed, wbits=_GZIP).splitlines()
        return dict(zip(loads(header)["names"], lines, strict=True))
