"""Compositions: the includes, excludes and filters of a ValueSet, compiled to what it holds of each system.

https://hl7.org/fhir/R4/valueset.html#compositions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.terminology.code_systems import CodeSystem
from fhir_vitiligo.terminology.memberships import (
    NOTHING,
    Gap,
    Listed,
    Membership,
    Undecided,
    difference,
    intersection,
    union,
)

# What is held of each system, and of those that are not named.
Parts = tuple[Mapping[str, Membership], Membership]
_DEEPEST = 50
_MOST_TAKEN_IN = 2_000


class ValueSet:
    """A compiled value set: what it holds of each system, and of the systems it does not name."""

    def __init__(
        self, url: str, version: str | None, name: str, by_system: Mapping[str, Membership], rest: Membership
    ) -> None:
        self.url = url
        self.version = version
        self.name = name
        self.by_system = by_system
        self.rest = rest

    def holds(self, system: str, code: str) -> bool | None:
        """``None``: nobody here can say."""
        return self.by_system.get(system, self.rest).holds(code)

    def systems_of(self, code: str) -> list[tuple[str, bool | None]]:
        """The systems by which a bare code is, or may be, in it: ``(system, True or None)``."""
        told = ((system, membership.holds(code)) for system, membership in self.by_system.items())
        return [(system, answer) for system, answer in told if answer is not False]

    @cached_property
    def bare_codes(self) -> frozenset[str] | None:
        """The codes of all systems, for elements of type ``code``; ``None`` when they cannot be listed or
        case is ignored in one.
        """
        parts = (*self.by_system.values(), self.rest)
        if not all(isinstance(part, Listed) and not part.ignores_case for part in parts):
            return None
        return frozenset(code for part in parts for code in part.codes or ())

    def holds_code(self, code: str) -> bool | None:
        """Whether the code of any of its systems is in it: what a binding of a ``code`` element asks."""
        if self.bare_codes is not None:
            return code in self.bare_codes
        told = [answer for _, answer in self.systems_of(code)]
        return True if True in told else (None if told or self.rest.holds(code) is None else False)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What keeps it from being listed."""
        found = (part.gap for part in (*self.by_system.values(), self.rest))
        return tuple(dict.fromkeys(gap for gap in found if gap is not None))


class Source(Protocol):
    """Where a composition finds what it names: :class:`~fhir_vitiligo.terminology.value_sets.Terminology`."""

    def code_system(self, url: str, version: str | None = None) -> CodeSystem | None: ...

    def all_of(self, system: str, version: str | None = None) -> Membership: ...

    def compiled(self, canonical: str) -> ValueSet | None: ...

    def keep(self, canonical: str, value_set: ValueSet) -> None: ...

    def find_value_set(
        self, canonical: str, compiler: Compiler, within: tuple[str, ...] = ()
    ) -> ValueSet | None: ...


class Compiler:
    """``compose`` to memberships. One compiles one value set and what that takes in."""

    def __init__(self, terminology: Source) -> None:
        self._terminology = terminology
        self._compiled = 0
        self._cut = False

    def value_set(self, resource: Json, within: tuple[str, ...] = ()) -> ValueSet:
        url = str(resource.get("url", ""))
        compose = resource.get("compose")
        if isinstance(compose, dict):
            by_system, rest = self._compose(compose, (*within, url))
        else:
            by_system, rest = _expanded(resource.get("expansion")), NOTHING
        name = str(resource.get("title") or resource.get("name") or url)
        return ValueSet(url, resource.get("version"), name, by_system, rest)

    def _compose(self, compose: Json, within: tuple[str, ...]) -> Parts:
        included = _union([self._clause(clause, within) for clause in _objects(compose.get("include"))])
        excluded = _union([self._clause(clause, within) for clause in _objects(compose.get("exclude"))])
        by_system = {
            system: difference(held, excluded[0].get(system, excluded[1]))
            for system, held in included[0].items()
        }
        if compose.get("inactive") is False:
            by_system = {system: self._active(system, held) for system, held in by_system.items()}
        rest = difference(included[1], excluded[1])
        return {name: held for name, held in by_system.items() if held.codes is None or held.codes}, rest

    def _clause(self, clause: Json, within: tuple[str, ...]) -> Parts:
        """What an include or exclude holds by system, and of every system it does not name."""
        system = clause.get("system")
        parts: list[Parts] = []
        if isinstance(system, str):
            parts.append(({system: self._system(system, clause)}, NOTHING))
        parts += [self._named(canonical, within) for canonical in _texts(clause.get("valueSet"))]
        return _intersection(parts) if parts else ({}, NOTHING)

    def _named(self, canonical: str, within: tuple[str, ...]) -> Parts:
        kept = self._terminology.compiled(canonical)
        if kept is not None:
            return kept.by_system, kept.rest
        if canonical.partition("|")[0] in within:
            self._cut = True
            return {}, NOTHING  # a value set that takes itself in adds nothing
        self._compiled += 1
        if len(within) > _DEEPEST or self._compiled > _MOST_TAKEN_IN:
            return {}, Undecided(Gap("value-set", canonical))
        # What a circle leaves out depends on where one enters it: such a part is not kept for others.
        before, self._cut = self._cut, False
        found = self._terminology.find_value_set(canonical, self, within)
        if found is not None and not self._cut:
            self._terminology.keep(canonical, found)
        self._cut = self._cut or before
        return (
            ({}, Undecided(Gap("value-set", canonical))) if found is None else (found.by_system, found.rest)
        )

    def _system(self, system: str, clause: Json) -> Membership:
        version = clause.get("version")
        version = version if isinstance(version, str) and version not in ("", "*") else None
        code_system = self._terminology.code_system(system, version)
        other = self._terminology.code_system(system) if version and code_system is None else None
        if other is not None and other.says_something:
            # What a system says in another version says nothing about this one.
            return Undecided(Gap("version", f"{system}|{version}"))
        if "concept" in clause:
            listed = [one for one in _objects(clause["concept"]) if isinstance(one.get("code"), str)]
            codes = {one["code"]: one.get("display") for one in listed}
            return Listed(codes, code_system is not None and not code_system.case_sensitive)
        filters = [self._filtered(system, code_system, one) for one in _objects(clause.get("filter"))]
        return intersection([self._terminology.all_of(system, version), *filters])

    def _filtered(self, system: str, code_system: CodeSystem | None, condition: Json) -> Membership:
        if code_system is None or code_system.content not in ("complete", "fragment"):
            return Undecided(Gap("system", system))
        left = code_system.where(condition)
        told = " ".join(str(condition.get(key, "")) for key in ("property", "op", "value"))
        if left is None:
            return Undecided(Gap("filter", f"{system}: {told}"))
        listed = Listed(left, not code_system.case_sensitive)
        return listed if code_system.is_complete else union((listed, Undecided(Gap("fragment", system))))

    def _active(self, system: str, held: Membership) -> Membership:
        code_system = self._terminology.code_system(system)
        if code_system is None:
            return held
        concepts = filter(None, map(code_system.find, code_system.concepts))
        return difference(held, Listed({concept.code: None for concept in concepts if concept.inactive}))


def _union(clauses: Sequence[Parts]) -> Parts:
    named: dict[str, list[Membership]] = {}
    general = [(rest, systems) for systems, rest in clauses if rest is not NOTHING]
    for systems, _ in clauses:
        for system, held in systems.items():
            named.setdefault(system, []).append(held)
    by_system = {
        system: union([*held, *(rest for rest, own in general if system not in own)])
        for system, held in named.items()
    }
    return by_system, union([rest for rest, _ in general])


def _intersection(parts: Sequence[Parts]) -> Parts:
    if len(parts) == 1:
        return parts[0]
    systems = dict.fromkeys(system for by_system, _ in parts for system in by_system)
    by_system = {system: intersection([own.get(system, rest) for own, rest in parts]) for system in systems}
    return by_system, intersection([rest for _, rest in parts])


def _expanded(expansion: Any) -> dict[str, Membership]:
    """A value set that was published as a list only."""
    found: dict[str, dict[str, Any]] = {}
    for entry in _contained(expansion):
        system, code = entry.get("system"), entry.get("code")
        if isinstance(system, str) and isinstance(code, str) and entry.get("abstract") is not True:
            found.setdefault(system, {})[code] = entry.get("display")
    return {system: Listed(codes) for system, codes in found.items()}


def _contained(expansion: Any) -> Iterator[Json]:
    todo = [*reversed(_objects(expansion.get("contains") if isinstance(expansion, dict) else None))]
    while todo:
        entry = todo.pop()
        yield entry
        todo.extend(reversed(_objects(entry.get("contains"))))


def _objects(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
