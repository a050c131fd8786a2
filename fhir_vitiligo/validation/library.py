"""Everything that has a canonical address: core definitions, packages, and the terminology over both.

https://hl7.org/fhir/R4/references.html#canonical. A library belongs to one release and one set of packages;
threads may share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from fhir_vitiligo.fhir.definitions import CORE, definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.packages import Package, Packages, Source, own_packages
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import schemas_of
from fhir_vitiligo.terminology.value_sets import Terminology, Verdict, terminology_of
from fhir_vitiligo.validation import cross_version
from fhir_vitiligo.validation.element_definition import tree_of
from fhir_vitiligo.validation.errata import corrected
from fhir_vitiligo.validation.release_use import limited
from fhir_vitiligo.validation.schema import Node, Schema, core_tree, schema_of
from fhir_vitiligo.validation.shapes import string
from fhir_vitiligo.validation.snapshot import SnapshotError, snapshot_tree


class Resolver(Protocol):
    """What :class:`fhir_vitiligo.fhir.packages.Packages` offers."""

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None:
        """The resource of that address (``url`` or ``url|version``)."""

    def of_type(self, resource_type: str) -> Iterator[Json]:
        """Every resource of a type."""


# Nobody's profiles derive from each other further than this.
_MOST_BASES = 50
# Several sources, one alone, or something that resolves canonicals by itself.
Packaged = Sequence[Source] | Source | Resolver

# What packages hold that an element may name by its address.
_KINDS = (
    *(
        "StructureDefinition",
        "ValueSet",
        "CodeSystem",
        "Questionnaire",
        "SearchParameter",
        "OperationDefinition",
    ),
    *("Library", "Measure", "PlanDefinition", "ActivityDefinition", "ConceptMap", "CapabilityStatement"),
)
_ALIKE = frozenset({Release.R4.version[:3], Release.R4B.version[:3]})
# The codes of a run repeat; those of a hostile sender do not fill the memory.
_MOST_REMEMBERED = 20_000
_LONGEST_REMEMBERED = 500


@cache
def library_of(release: Release) -> Library:
    """The one library of a release with what is always on board: core and the project's own package."""
    return Library(release, own_packages(release))


class Library:
    """``problems`` tells, by canonical, why a profile that is there could not be used."""

    def __init__(self, release: Release, packages: Packaged) -> None:
        self.release = release
        self.definitions = definitions_of(release)
        self.schemas = schemas_of(release)
        if isinstance(packages, str | Path | Package | dict):
            packages = (packages,)
        self.packages: Resolver = (
            Packages.load(packages, release) if isinstance(packages, Sequence) else packages
        )
        own = self.packages is own_packages(release)
        self.terminology = terminology_of(release) if own else Terminology(release, self.packages)
        self.problems: dict[str, str] = {}
        # The same without the bases between a profile and the one that is at fault.
        self.reasons: dict[str, str] = {}
        self.types = frozenset(
            (
                *self.definitions.resource_types,
                *self.definitions.type_names,
                *self.definitions.abstract_types,
            )
        )
        self._profiles: dict[str, Schema | None] = {}
        self._kinds: dict[str, frozenset[str]] = {}
        self._codes: dict[tuple[str, str, Any, Any, str], Verdict] = {}
        # What is being made: a profile derived from itself comes here twice.
        self._open: set[str] = set()
        self._lock = RLock()

    def check_code(
        self, system: str, code: str, display: Any = None, version: Any = None, language: str = "en"
    ) -> Verdict:
        """Whether the code is one of its system's, and the display one of the code's; remembered."""
        display = display if isinstance(display, str) else None
        version = version if isinstance(version, str) else None
        key = (system, code, display, version, language)
        found = self._codes.get(key)
        if found is None:
            found = self.terminology.check(system, code, display, version, language)
            if sum(len(part or "") for part in key) < _LONGEST_REMEMBERED:
                if len(self._codes) >= _MOST_REMEMBERED:
                    self._codes.clear()
                self._codes[key] = found
        return found

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None:
        """A conformance resource of the packages, or a profile of core; its type only where one is asked for."""
        found = self.packages.resolve(canonical, resource_type)
        if found is None and resource_type in (None, "StructureDefinition"):
            found = self.definitions.profile(canonical)
        return found

    def kinds(self, canonical: str) -> frozenset[str]:
        """The types of the resources that are found at an address; empty where there is none on board."""
        found = self._kinds.get(canonical)
        if found is None:
            found = frozenset(kind for kind in _KINDS if self._has(canonical, kind))
            if len(self._kinds) < _MOST_REMEMBERED:
                self._kinds[canonical] = found
        return found

    def _has(self, canonical: str, kind: str) -> bool:
        if kind == "StructureDefinition" and self.is_type(canonical):
            return True
        found = self.resolve(canonical, kind)
        if found is None and kind in ("ValueSet", "CodeSystem"):
            found = self.terminology.resource(kind, canonical)
        return found is not None and found.get("resourceType") == kind

    def is_type(self, url: str) -> bool:
        """Whether the address is that of a core type itself, abstract ones too."""
        return url.startswith(CORE) and url[len(CORE) :].partition("|")[0] in self.types

    def profile(self, canonical: str) -> Schema | None:
        """The profile, extension or core type at this address; None where nobody knows it or it is broken.

        ``url#id`` is a single element of a profile, as profiles of sections are asked for.
        """
        try:
            return self._profiles[canonical]
        except KeyError:
            pass
        with self._lock:
            if canonical in self._profiles:
                return self._profiles[canonical]
            found = self._profile(canonical)
            # Names come from outside too: those of nothing are not kept without end.
            if found is not None or len(self._profiles) < _MOST_REMEMBERED:
                self._profiles[canonical] = found
            return found

    def _profile(self, canonical: str) -> Schema | None:
        url, mark, element = canonical.partition("#")
        if mark:
            return self._part(url, element, canonical)
        if self.is_type(canonical):
            return self._core_type(canonical)
        definition = self.resolve(canonical, "StructureDefinition")
        if definition is None:
            definition = cross_version.definition_of(canonical, self.definitions)
        return None if definition is None else self.compiled(definition)

    def _part(self, url: str, element: str, canonical: str) -> Schema | None:
        """One element of a profile, as a profile of its own."""
        whole = self.profile(url)
        node = None if whole is None else next((one for one in whole.root.walk() if one.id == element), None)
        if whole is None or node is None:
            return None
        return replace(whole, url=canonical, version="", root=node)

    def compiled(self, definition: Json) -> Schema | None:
        """The schema of a StructureDefinition, with a snapshot of our own where it has none of this release."""
        url = str(definition.get("url", ""))
        with self._lock:
            if url in self._open:
                self._unusable(url, "it is derived from itself")
                return None
            if len(self._open) >= _MOST_BASES:
                self._unusable(url, f"more than {_MOST_BASES} profiles derive from it one by one")
                return None
            self._open.add(url)
            try:
                schema = limited(schema_of(definition, self._root(definition)), definition, self.release)
                return corrected(schema, self.types)
            except ValueError as error:
                # Whatever a broken profile holds, it is told where it is used.
                self._unusable(url, str(error), getattr(error, "reason", None))
                return None
            except (TypeError, AttributeError, KeyError):
                self._unusable(url, "it is not written as a StructureDefinition is: validate it by itself")
                return None
            finally:
                self._open.discard(url)

    def _unusable(self, url: str, problem: str, reason: str | None = None) -> None:
        self.problems[url] = problem
        self.reasons[url] = reason or problem

    def _root(self, definition: Json) -> Node:
        told = definition.get("snapshot")
        elements = told.get("element") if isinstance(told, dict) else None
        if elements and self._is_ours(definition):
            return tree_of(elements)
        try:
            return snapshot_tree(definition, self)
        except SnapshotError:
            # R4B is R4 restamped: where the base is missing, the snapshot of the one serves the other.
            if elements and {_release_of(definition), self.release.version[:3]} <= _ALIKE:
                return tree_of(elements)
            raise

    def _is_ours(self, definition: Json) -> bool:
        """A snapshot made for another release has that release's types."""
        stated = _release_of(definition)
        return not stated or not definition.get("differential") or stated == self.release.version[:3]

    def _core_type(self, url: str) -> Schema:
        name = url[len(CORE) :].partition("|")[0]
        structure = self.definitions.structure(name)
        return Schema(
            url=CORE + name,
            version=self.release.version,
            name=name,
            type=name,
            kind=structure.kind,
            abstract=structure.abstract,
            base=CORE + structure.base if structure.base else "",
            root=core_tree(structure),
            status="active",
        )


def _release_of(definition: Json) -> str:
    """The release that a definition is made for, as ``4.0``; empty where it does not say."""
    return ".".join(string(definition.get("fhirVersion")).split(".")[:2])
