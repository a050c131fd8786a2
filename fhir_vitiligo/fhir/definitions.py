"""The core definitions of a release: types, elements, bindings, invariants, profiles, search parameters.

https://hl7.org/fhir/R4/structuredefinition.html, searchparameter.html, compartmentdefinition.html. The data
is made from HL7's packages by ``tools/build_definitions.py``; nothing is read before it is asked for, and a
type only when it is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fhir_vitiligo.fhir import definition_records as records
from fhir_vitiligo.fhir.definition_files import RecordFile
from fhir_vitiligo.fhir.definition_types import (
    CORE,
    Binding,
    Element,
    Invariant,
    Operation,
    OperationParameter,
    SearchParameter,
    Structure,
    TypeRef,
)
from fhir_vitiligo.fhir.json import Json, loads
from fhir_vitiligo.fhir.release import Release

__all__ = [
    "CORE",
    "Binding",
    "Definitions",
    "Element",
    "Invariant",
    "Operation",
    "OperationParameter",
    "SearchParameter",
    "Structure",
    "TypeRef",
    "definitions_of",
]

_FOLDER = Path(__file__).resolve().parent.parent / "definitions"
# HL7 publishes none for R4B: that for R4 serves both.
_EXTENSION_PACKS = {
    Release.R4: "extensions-r4",
    Release.R4B: "extensions-r4",
    Release.R5: "extensions-r5",
}


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

    def profile(self, canonical: str) -> Json | None:
        """A StructureDefinition that is no type itself: a profile of a resource or datatype, an extension.

        FHIR's own JSON with a snapshot (a differential where the package has no more), without prose. Core
        comes first, then HL7's extension pack (docs/adr/0005); ``url|version`` asks for one of them. ``None``
        when neither has it. The JSON is read anew with each call.
        """
        return self.resource("StructureDefinition", canonical)

    @property
    def profile_urls(self) -> Iterator[str]:
        """What :meth:`profile` knows, those of core first; the urls that core and pack share come twice."""
        return self.urls("StructureDefinition")

    def resource(self, resource_type: str, canonical: str) -> Json | None:
        """A StructureDefinition (see :meth:`profile`), ValueSet or CodeSystem by ``url`` or ``url|version``.

        HL7 Terminology's comes before core's older copy of it, then core, then the extension pack. A shorter
        version stands for what it begins: ``4.0`` for ``4.0.1``.
        """
        url, _, version = canonical.partition("|")
        for file in self._conformance.get(resource_type, ()):
            if url in file:
                found: Json = loads(file[url])
                if not version or f"{found.get('version')}.".startswith(f"{version}."):
                    return found
        return None

    def urls(self, resource_type: str) -> Iterator[str]:
        """The urls that :meth:`resource` knows, in the order in which it looks; some come twice."""
        return chain.from_iterable(self._conformance.get(resource_type, ()))

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
    def _structure_lines(self) -> RecordFile:
        return self._part("structures")

    @cached_property
    def _conformance(self) -> dict[str, tuple[RecordFile, ...]]:
        core, pack = self.release.value, _EXTENSION_PACKS[self.release]
        terms = ("terminology", core, pack)
        return {
            "StructureDefinition": _files((core, pack), "profiles"),
            "ValueSet": _files(terms, "value_sets"),
            "CodeSystem": _files(terms, "code_systems"),
        }

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

    def _part(self, part: str) -> RecordFile:
        return RecordFile(_FOLDER / self.release.value / f"{part}.jsonl.gz")


def _files(folders: tuple[str, ...], part: str) -> tuple[RecordFile, ...]:
    return tuple(_file(folder, part) for folder in folders)


@cache
def _file(folder: str, part: str) -> RecordFile:
    """One for all releases that share it."""
    return RecordFile(_FOLDER / folder / f"{part}.jsonl.gz")
