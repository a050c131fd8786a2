"""The terminology on board: value sets and code systems of core, HL7 Terminology, the extension pack and
packages; whether a code is in a value set, what a code means, what a value set holds.

https://hl7.org/fhir/R4/valueset.html, terminology-service.html. A value set is compiled when it is first asked
for, to one :class:`~fhir_vitiligo.terminology.memberships.Membership` for each system. What nobody here can
tell is said, never guessed: a code of a system that is not on board, or on board only in part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Protocol

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.packages import own_packages
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.code_systems import CodeSystem, Concept
from fhir_vitiligo.terminology.compositions import Compiler, ValueSet
from fhir_vitiligo.terminology.concept_maps import Translation, is_between, translate
from fhir_vitiligo.terminology.expansions import Expansion, expand
from fhir_vitiligo.terminology.grammars import GRAMMARS
from fhir_vitiligo.terminology.memberships import (
    NOTHING,
    Gap,
    Listed,
    Membership,
    Ruled,
    Undecided,
    union,
)
from fhir_vitiligo.terminology.verdicts import Verdict

__all__ = ["Terminology", "ValueSet", "Verdict", "terminology_of"]


# Value sets that a system itself offers: all its codes (https://hl7.org/fhir/R4/snomedct.html#implicit, loinc.html).
_IMPLICIT = {
    "http://snomed.info/sct?fhir_vs": "http://snomed.info/sct",
    "http://loinc.org/vs": "http://loinc.org",
    "http://unitsofmeasure.org/vs": "http://unitsofmeasure.org",
}
_MOST_REMEMBERED = 20_000
_LONGEST_REMEMBERED = 500
# Code, display, version of the system, language of the display.
_Told = tuple[str, str | None, str | None, str]


class Resources(Protocol):
    """Where conformance resources are found: :class:`fhir_vitiligo.fhir.packages.Packages`."""

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None: ...

    def of_type(self, resource_type: str) -> Iterator[Json]: ...


@cache
def terminology_of(release: Release) -> Terminology:
    """What is on board when nobody names a package: with the project's own."""
    return Terminology(release, own_packages(release))


class Terminology:
    """Everything on board for one release and some packages; threads may share it."""

    def __init__(self, release: Release, packages: Resources | None = None) -> None:
        self.release = release
        self._definitions = definitions_of(release)
        self._packages = packages
        self._value_sets: dict[str, ValueSet | None] = {}
        self._code_systems: dict[str, CodeSystem | None] = {}
        self._verdicts: dict[tuple[str, str | None, _Told], Verdict] = {}

    # What there is

    def resource(self, resource_type: str, canonical: str) -> Json | None:
        """The ValueSet, CodeSystem or ConceptMap of that ``url`` or ``url|version``; packages come first."""
        if self._packages is not None:
            found = self._packages.resolve(canonical, resource_type)
            if found is not None:
                return found
        return self._definitions.resource(resource_type, canonical)

    def is_code_system(self, canonical: str) -> bool:
        """Whether a code system has this canonical, and no value set."""
        url, _, version = canonical.partition("|")
        return (
            self.code_system(url, version or None) is not None
            and self.resource("ValueSet", canonical) is None
        )

    def code_system(self, url: str, version: str | None = None) -> CodeSystem | None:
        """The system as far as it is on board; ``None`` when it is not, or not in that version."""
        canonical = f"{url}|{version}" if version else url
        if canonical not in self._code_systems:
            resource = self.resource("CodeSystem", canonical)
            # A supplement adds to a system and is none; its url must not stand for the system's.
            found = (
                None if resource is None or resource.get("content") == "supplement" else CodeSystem(resource)
            )
            self._remember(self._code_systems, canonical, found)
            return found
        return self._code_systems[canonical]

    def value_set(self, canonical: str) -> ValueSet | None:
        """The compiled value set; ``None`` when it is not on board."""
        if canonical not in self._value_sets:
            found = self.find_value_set(canonical, Compiler(self))
            self._remember(self._value_sets, canonical, found)
            return found
        return self._value_sets[canonical]

    def compile(self, resource: Json) -> ValueSet:
        """A value set that stands in no package: a contained one."""
        return Compiler(self).value_set(resource)

    def compiled(self, canonical: str) -> ValueSet | None:
        """The value set, if it was compiled before."""
        return self._value_sets.get(canonical)

    def keep(self, canonical: str, value_set: ValueSet) -> None:
        """Have it answer for ``canonical`` from now on."""
        self._remember(self._value_sets, canonical, value_set)

    def find_value_set(
        self, canonical: str, compiler: Compiler, within: tuple[str, ...] = ()
    ) -> ValueSet | None:
        """Compile the value set inside those that take it in."""
        resource = self.resource("ValueSet", canonical)
        if resource is not None:
            return compiler.value_set(resource, within)
        system = _IMPLICIT.get(canonical.partition("|")[0])
        if system is not None:
            return ValueSet(canonical, None, canonical, {system: self.all_of(system)}, NOTHING)
        return None

    @staticmethod
    def _remember(kept: dict[str, Any], key: str, value: Any) -> None:
        # Names come from outside too: a hostile sender could fill the memory with those of nothing.
        if value is not None or len(kept) < _MOST_REMEMBERED:
            kept[key] = value

    def all_of(self, system: str, version: str | None = None) -> Membership:
        """Every code of a system."""
        found = self.code_system(system, version)
        grammar = GRAMMARS.get(system)
        if found is not None and found.says_something:
            listed = Listed(found.concepts, not found.case_sensitive)
            return listed if found.is_complete else union((listed, Undecided(Gap("fragment", system))))
        if grammar is not None:
            kind = Ruled if grammar.is_whole else Undecided
            return kind(Gap("grammar" if grammar.is_whole else "system", system), grammar.allows)
        if version and self.code_system(system) is not None:
            return Undecided(Gap("version", f"{system}|{version}"))
        return Undecided(Gap("system", system))

    # What is asked

    def validate(
        self,
        value_set: str | ValueSet,
        system: str | None,
        code: str,
        display: str | None = None,
        version: str | None = None,
        language: str = "en",
    ) -> Verdict:
        """Whether ``system#code`` is in the value set (canonical, or compiled). ``version`` is the Coding's.

        Without ``system`` (an element of type ``code``) the value set's own systems are tried. ``language`` is
        that of the display.
        """
        told = (code, display, version, language)
        if not isinstance(value_set, str):
            return self._judge(value_set, value_set.url, system, told)
        key = (value_set, system, told)
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._judge(self.value_set(value_set), value_set, system, told)
            if sum(len(part or "") for part in (value_set, system, *told)) < _LONGEST_REMEMBERED:
                if len(self._verdicts) >= _MOST_REMEMBERED:
                    self._verdicts.clear()
                self._verdicts[key] = verdict
        return verdict

    def _judge(self, value_set: ValueSet | None, canonical: str, system: str | None, told: _Told) -> Verdict:
        code, display, version, language = told
        if system is None:
            return self._judge_bare(value_set, canonical, told)
        known = self.check(system, code, display, version, language)
        if value_set is None:
            if known.kind == "unknown-code":
                return known
            return replace(known, kind="cannot-tell", gap=Gap("value-set", canonical))
        membership = value_set.by_system.get(system, value_set.rest)
        answer = membership.holds(code)
        if known.kind == "unknown-code" and not (answer is None and _is_of_version(membership.gap)):
            return known
        if _is_of_version(known.gap):
            return known
        if answer is None:
            return replace(known, kind="cannot-tell", gap=membership.gap)
        if answer and not known.displays and membership.codes:
            known = known.with_displays(_own_display(membership, code), display)
        return replace(known, kind="in" if answer else "not-in", gap=None)

    def _judge_bare(self, value_set: ValueSet | None, canonical: str, told: _Told) -> Verdict:
        if value_set is None:
            return Verdict("cannot-tell", None, Gap("value-set", canonical), system_on_board=False)
        code = told[0]
        # One that is sure before one that may be.
        systems = sorted(value_set.systems_of(code), key=lambda found: found[1] is None)
        if systems:
            return self._judge(value_set, canonical, systems[0][0], told)
        undecided = value_set.rest.holds(code) is None
        gap = value_set.rest.gap if undecided else None
        return Verdict("cannot-tell" if undecided else "not-in", None, gap, system_on_board=False)

    def check(
        self,
        system: str,
        code: str,
        display: str | None = None,
        version: str | None = None,
        language: str = "en",
    ) -> Verdict:
        """Whether the code is one of its system's at all: ``in``, ``unknown-code`` or ``cannot-tell``."""
        found = self.code_system(system, version)
        if found is None and version and self.code_system(system) is not None:
            gap = Gap("version", f"{system}|{version}")
            return Verdict("cannot-tell", system, gap, system_on_board=False)
        partly = found is not None and found.says_something
        concept = found.find(code) if found is not None and partly else None
        if concept is not None:
            known = Verdict(
                "in",
                system,
                inactive=concept.inactive,
                abstract=concept.abstract,
                status=concept.status,
                spelling=None if concept.code == code else concept.code,
            )
            return known.with_displays(concept.displays(language), display)
        if found is not None and found.is_complete:
            return Verdict("unknown-code", system)
        grammar = GRAMMARS.get(system)
        fault = grammar.fault(code) if grammar is not None else None
        if fault is not None:
            return Verdict("unknown-code", system, fault=fault, system_on_board=False)
        if grammar is not None and grammar.is_whole:
            return Verdict("in", system)
        gap = Gap("fragment" if partly else "system", system)
        return Verdict("cannot-tell", system, gap, system_on_board=False)

    def expand(
        self,
        value_set: str | ValueSet,
        filter: str = "",
        offset: int = 0,
        count: int | None = None,
        *,
        active_only: bool = False,
    ) -> Expansion:
        """A page of what the value set holds; :class:`TerminologyError` when it is not on board or cannot be
        listed, with what is missing.
        """
        found = self.value_set(value_set) if isinstance(value_set, str) else value_set
        if found is None:
            raise TerminologyError(f"The value set {value_set} is not on board.", code="not-found")
        return expand(
            found, self.code_system, text=filter, offset=offset, count=count, active_only=active_only
        )

    def lookup(self, system: str, code: str, version: str | None = None) -> Concept | None:
        """The concept, where its system is on board and has it."""
        found = self.code_system(system, version)
        return None if found is None else found.find(code)

    def translate(
        self,
        system: str,
        code: str,
        *,
        url: str | None = None,
        source: str | None = None,
        target: str | None = None,
        target_system: str | None = None,
        reverse: bool = False,
    ) -> list[Translation]:
        """What ``system#code`` is elsewhere, by the ConceptMap ``url`` or by every map of the packages.

        ``source`` and ``target`` (value sets or systems) narrow the maps, ``target_system`` the answers.
        :class:`TerminologyError` when the map asked for is not on board.
        """
        if url is not None:
            named = self.resource("ConceptMap", url)
            if named is None:
                raise TerminologyError(f"The concept map {url} is not on board.", code="not-found")
            maps = [named]
        else:
            every = self._packages.of_type("ConceptMap") if self._packages is not None else ()
            maps = [one for one in every if is_between(one, source, target)]
        return translate(maps, system, code, target=target_system, reverse=reverse)


def _is_of_version(gap: Gap | None) -> bool:
    return gap is not None and gap.reason == "version"


def _own_display(membership: Membership, code: str) -> tuple[str, ...]:
    told = (membership.codes or {}).get(code)
    return (told,) if isinstance(told, str) else ()
