"""Expands the value sets that required (and maximum) bindings name, from the code systems on board.

https://hl7.org/fhir/R4/valueset.html#compositions. A system whose codes cannot be listed from the packages
(BCP 13 media types, BCP 47 languages, UCUM, SNOMED CT by filter) is recorded as open: membership of its codes
is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


@dataclass(slots=True)
class Expansion:
    """Codes by system, and the systems that could not be listed."""

    codes: dict[str, set[str]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def add(self, system: str, codes: Iterable[str]) -> None:
        self.codes.setdefault(system, set()).update(codes)

    def union(self, other: Expansion) -> None:
        for system, codes in other.codes.items():
            self.add(system, codes)
        self.open |= other.open

    def intersection(self, other: Expansion) -> None:
        # A system that one side leaves open and the other knows of stays open: codes listed by both are sure.
        undecided = (self.open & (other.open | other.codes.keys())) | (other.open & self.codes.keys())
        both = {system: codes & other.codes.get(system, set()) for system, codes in self.codes.items()}
        self.codes = {system: codes for system, codes in both.items() if codes}
        self.open = undecided

    def subtract(self, other: Expansion) -> None:
        for system, codes in other.codes.items():
            if system in self.codes:
                self.codes[system] -= codes
        self.open |= other.open & self.codes.keys()
        self.codes = {system: codes for system, codes in self.codes.items() if codes}


class CodeSystemIndex:
    """One code system's concepts with their parents, properties, and nothing of their words."""

    def __init__(self, definition: Record) -> None:
        self.complete = definition.get("content") == "complete"
        self.case_sensitive = definition.get("caseSensitive")
        self.parents: dict[str, set[str]] = {}
        self.properties: dict[str, dict[str, set[str]]] = {}
        self._walk(definition.get("concept", ()), None)

    def _walk(self, concepts: Iterable[Record], parent: str | None) -> None:
        for concept in concepts:
            code = concept["code"]
            parents = self.parents.setdefault(code, set())
            if parent is not None:
                parents.add(parent)
            properties = self.properties.setdefault(code, {})
            for item in concept.get("property", ()):
                value = next((item[key] for key in item if key.startswith("value")), None)
                text = value["code"] if isinstance(value, dict) else _text(value)
                properties.setdefault(item["code"], set()).add(text)
                if item["code"] in ("subsumedBy", "parent"):
                    parents.add(text)
            self._walk(concept.get("concept", ()), code)

    def ancestors(self, code: str) -> set[str]:
        found: set[str] = set()
        todo = list(self.parents.get(code, ()))
        while todo:
            parent = todo.pop()
            if parent not in found:
                found.add(parent)
                todo.extend(self.parents.get(parent, ()))
        return found

    def where(self, condition: Record) -> set[str] | None:
        """The codes that one ``compose.include.filter`` leaves; ``None`` when this cannot be decided here."""
        name, operator, value = condition["property"], condition["op"], condition["value"]
        tests: dict[str, Callable[[str], bool]] = {
            "is-a": lambda code: code == value or value in self.ancestors(code),
            "descendent-of": lambda code: value in self.ancestors(code),
            "is-not-a": lambda code: code != value and value not in self.ancestors(code),
            "child-of": lambda code: value in self.parents[code],
        }
        if name not in ("concept", "code", "parent", "child") and operator in ("=", "in", "exists"):
            tests = {
                "=": lambda code: value in self.properties[code].get(name, ()),
                "in": lambda code: bool(self.properties[code].get(name, set()) & set(value.split(","))),
                "exists": lambda code: (name in self.properties[code]) == (value == "true"),
            }
        elif operator in ("=", "in") and name in ("concept", "code"):
            tests = {"=": lambda code: code == value, "in": lambda code: code in value.split(",")}
        test = tests.get(operator)
        return None if test is None else {code for code in self.parents if test(code)}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Terminology:
    """The value sets and code systems of some packages; the first package to define a url wins."""

    def __init__(self, definitions: Iterable[Record]) -> None:
        self._value_sets: dict[str, Record] = {}
        self._code_systems: dict[str, Record] = {}
        self._indexes: dict[str, CodeSystemIndex] = {}
        self._expansions: dict[str, Expansion | None] = {}
        for definition in definitions:
            kind, url = definition["resourceType"], definition.get("url")
            if kind == "ValueSet" and url:
                self._value_sets.setdefault(url, definition)
            elif kind == "CodeSystem" and url:
                held = self._code_systems.setdefault(url, definition)
                # A stub of the first package gives way to the whole system of a later one.
                if held.get("content") != "complete" and definition.get("content") == "complete":
                    self._code_systems[url] = definition

    def records(self, urls: Iterable[str]) -> dict[str, Record]:
        """By value set url (without version): ``{version, codes: {system: [...]}, open: [...]}``, unknown
        ones left out.

        ``open`` lists the systems whose membership is not decided here; ``caseInsensitive`` those whose codes
        ignore case.
        """
        records: dict[str, Record] = {}
        for url in sorted({url.partition("|")[0] for url in urls}):
            expansion = self.expand(url)
            if expansion is None:
                continue
            record: Record = {"version": self._value_sets[url].get("version", "")}
            record["codes"] = {system: sorted(codes) for system, codes in sorted(expansion.codes.items())}
            if expansion.open:
                record["open"] = sorted(expansion.open)
            folded = [
                s for s in expansion.codes if (index := self._index(s)) and index.case_sensitive is False
            ]
            if folded:
                record["caseInsensitive"] = sorted(folded)
            records[url] = record
        return records

    def expand(self, url: str) -> Expansion | None:
        """``None`` when no package on board defines this value set."""
        url = url.partition("|")[0]
        if url not in self._expansions:
            definition = self._value_sets.get(url)
            self._expansions[url] = None  # a value set that includes itself adds nothing
            if definition is not None:
                self._expansions[url] = self._compose(definition)
        return self._expansions[url]

    def _compose(self, definition: Record) -> Expansion:
        result = Expansion()
        compose = definition.get("compose", {})
        for include in compose.get("include", ()):
            result.union(self._clause(include))
        for exclude in compose.get("exclude", ()):
            result.subtract(self._clause(exclude))
        if not compose:
            for system, code in _listed(definition.get("expansion", {}).get("contains", ())):
                result.add(system, [code])
        return result

    def _clause(self, clause: Record) -> Expansion:
        """One include or exclude: its system's codes that lie in every value set it names."""
        result: Expansion | None = None
        if "system" in clause:
            result = self._system(clause)
        for url in clause.get("valueSet", ()):
            named = self.expand(url) or Expansion(open={url})
            if result is None:
                result = Expansion()
                result.union(named)
            else:
                result.intersection(named)
        return result or Expansion()

    def _system(self, clause: Record) -> Expansion:
        result = Expansion()
        system = clause["system"]
        if "concept" in clause:
            result.add(system, (concept["code"] for concept in clause["concept"]))
            return result
        index = self._index(system)
        if index is None or not index.complete:
            result.open.add(system)
            return result
        codes = set(index.parents)
        for condition in clause.get("filter", ()):
            left = index.where(condition)
            if left is None:
                result.open.add(system)
                return result
            codes &= left
        result.add(system, codes)
        return result

    def _index(self, system: str) -> CodeSystemIndex | None:
        if system not in self._indexes and system in self._code_systems:
            self._indexes[system] = CodeSystemIndex(self._code_systems[system])
        return self._indexes.get(system)


def _listed(contains: Iterable[Record]) -> Iterator[tuple[str, str]]:
    for entry in contains:
        if "code" in entry and not entry.get("abstract"):
            yield entry.get("system", ""), entry["code"]
        yield from _listed(entry.get("contains", ()))
