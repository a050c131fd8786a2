"""A CodeSystem resource, indexed: its codes, their displays, hierarchy, status and properties, and the filters
that value sets put over them.

https://hl7.org/fhir/R4/codesystem.html, valueset.html#filters. The parent of a concept is the one it stands
in, and every code that a ``parent`` or ``subsumedBy`` property names (what HL7's version 3 systems do).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fhir_vitiligo.fhir.bounded_patterns import BoundedTogether, PatternError, fullmatch
from fhir_vitiligo.fhir.json import Json

_PROPERTIES = "http://hl7.org/fhir/concept-properties#"
# https://hl7.org/fhir/R4/codesystem.html#defined-props, and the names used without their address.
_PARENT = frozenset({"parent", "subsumedBy"})
_NOT_SELECTABLE = "notSelectable"
_INACTIVE_STATUS = frozenset({"retired", "inactive"})
_STATUS_KNOWN = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"


@dataclass(frozen=True, slots=True)
class Concept:
    """A code with its words. ``designations`` are (language or ``None``, text); ``properties`` (code, value)."""

    code: str
    display: str | None
    designations: tuple[tuple[str | None, str], ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    parents: tuple[str, ...] = ()
    inactive: bool = False
    abstract: bool = False
    status: str | None = None

    def displays(self, language: str = "en") -> tuple[str, ...]:
        """Every text that may stand as its display in a language, the preferred first.

        As HL7's engine has it: the display itself, designations of that language, and those of none.
        """
        own = () if self.display is None else (self.display,)
        wanted = language.partition("-")[0].casefold()
        others = (
            text
            for name, text in self.designations
            if name is None or name.partition("-")[0].casefold() == wanted
        )
        return tuple(dict.fromkeys((*own, *others)))


class CodeSystem:
    """``concepts`` are the JSON concepts by code, in the order of the resource, children after their parent.

    ``content`` is ``complete``, ``fragment``, ``example``, ``not-present`` or ``supplement``; only a complete
    one can say that a code does not exist, and nothing can be said by an example.
    """

    def __init__(self, resource: Json) -> None:
        self.resource = resource
        self.url: str = resource.get("url", "")
        self.version: str | None = resource.get("version")
        self.content: str = resource.get("content", "not-present")
        self.is_complete = self.content == "complete"
        # What is silent about case is taken as ignoring it, as HL7's engine does.
        self.case_sensitive = resource.get("caseSensitive") is True
        self.concepts: dict[str, Json] = {}
        self._nested_in: dict[str, str] = {}
        self._index(resource.get("concept"))
        # What is only an example of a system is as good as nothing.
        self.says_something = self.is_complete or (self.content == "fragment" and bool(self.concepts))

    def _index(self, top: Any) -> None:
        # A list of what is still to be read, not a call in a call: a package may nest as deep as it likes.
        todo: list[tuple[Any, str | None]] = [(one, None) for one in reversed(_objects(top))]
        while todo:
            concept, parent = todo.pop()
            code = concept.get("code")
            if not isinstance(code, str):
                continue
            self.concepts.setdefault(code, concept)
            if parent is not None:
                self._nested_in.setdefault(code, parent)
            todo.extend((child, code) for child in reversed(_objects(concept.get("concept"))))

    @cached_property
    def folded(self) -> Mapping[str, str] | None:
        """The codes by their case-folded form; ``None`` where case matters."""
        return None if self.case_sensitive else {code.casefold(): code for code in self.concepts}

    def spelling(self, code: str) -> str | None:
        """``code`` as the system spells it (case may differ where it does not matter); ``None``: not in it."""
        if code in self.concepts:
            return code
        return self.folded.get(code.casefold()) if self.folded is not None else None

    def find(self, code: str) -> Concept | None:
        """The concept, or ``None`` when the code is not listed here."""
        spelt = self.spelling(code)
        return None if spelt is None else self._concept(spelt, self.concepts[spelt])

    def _concept(self, code: str, concept: Json) -> Concept:
        properties = self.properties[code]
        values = dict(properties)
        status = values.get("status") or _standards_status(concept) or _deprecation(values)
        inactive = values.get("inactive") == "true" or status in _INACTIVE_STATUS
        return Concept(
            code=code,
            display=concept.get("display"),
            designations=tuple(
                (one.get("language"), one["value"])
                for one in _objects(concept.get("designation"))
                if isinstance(one.get("value"), str)
            ),
            properties=properties,
            parents=self.parents[code],
            inactive=inactive,
            abstract=values.get(self._not_selectable) == "true",
            status=status,
        )

    @cached_property
    def properties(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """(property, value as text) of each code."""
        return {code: tuple(_properties(concept)) for code, concept in self.concepts.items()}

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """The codes directly above each code."""
        up, down = self._links("parent", _PARENT), self._links("child", frozenset({"child"}))
        found: dict[str, list[str]] = {
            code: [self._nested_in[code]] if code in self._nested_in else [] for code in self.concepts
        }
        for code, properties in self.properties.items():
            for name, value in properties:
                if name in up:
                    found[code].append(value)
                elif name in down and value in found:
                    found[value].append(code)
        return {code: tuple(dict.fromkeys(above)) for code, above in found.items()}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The codes directly below each code that has some, in the order of the system."""
        below: dict[str, list[str]] = {}
        for code, above in self.parents.items():
            for parent in above:
                below.setdefault(parent, []).append(code)
        return {code: tuple(codes) for code, codes in below.items()}

    def descendants(self, code: str) -> dict[str, None]:
        """Every code below ``code``, itself not among them."""
        return _reached(code, self.children)

    def ancestors(self, code: str) -> dict[str, None]:
        """Every code above ``code``, itself not among them."""
        return _reached(code, self.parents)

    def subsumes(self, ancestor: str, code: str) -> bool:
        """Whether ``code`` is ``ancestor`` or below it."""
        return ancestor == code or ancestor in self.ancestors(code)

    def _links(self, kind: str, names: frozenset[str]) -> frozenset[str]:
        return names | self._declared(kind)

    def _declared(self, kind: str) -> frozenset[str]:
        """What this system calls one of the properties that FHIR defines."""
        return frozenset(
            one["code"]
            for one in _objects(self.resource.get("property"))
            if one.get("uri") == _PROPERTIES + kind and isinstance(one.get("code"), str)
        )

    @cached_property
    def _not_selectable(self) -> str:
        return next(iter(sorted(self._declared(_NOT_SELECTABLE))), _NOT_SELECTABLE)

    # Filters

    def where(self, condition: Json) -> dict[str, None] | None:
        """The codes that one ``compose.include.filter`` leaves; ``None`` when that cannot be decided here."""
        name, operator, value = (condition.get(key) for key in ("property", "op", "value"))
        if not (isinstance(name, str) and isinstance(operator, str) and isinstance(value, str)):
            return None
        if name in ("concept", "code") or operator in _HIERARCHICAL:
            return self._where_code(operator, value)
        test = self._property_test(name, operator, value)
        return None if test is None else _deciding(self.concepts, test)

    def _where_code(self, operator: str, value: str) -> dict[str, None] | None:
        match operator:
            case "is-a":
                return self._listed((value, *self.descendants(value)))
            case "descendent-of":
                return self.descendants(value)
            case "is-not-a":
                inside = {value, *self.descendants(value)}
                return {code: None for code in self.concepts if code not in inside}
            case "child-of":
                return dict.fromkeys(self.children.get(value, ()))
            case "descendent-leaf":
                return {code: None for code in self.descendants(value) if code not in self.children}
            case "generalizes":
                return self._listed((value, *self.ancestors(value)))
            case "=":
                return self._listed((value,))
            case "in":
                return self._listed(_words(value))
            case "not-in":
                out = {*_words(value)}
                return {code: None for code in self.concepts if code not in out}
            case "regex":
                return _deciding(self.concepts, lambda code: fullmatch(value, code))
            case "exists":
                return dict.fromkeys(self.concepts) if value == "true" else {}
        return None

    def _listed(self, codes: Any) -> dict[str, None]:
        return {code: None for code in codes if code in self.concepts}

    def _property_test(self, name: str, operator: str, value: str) -> Callable[[str], bool] | None:
        values = self._values(name)
        if values is None:
            return None
        match operator:
            case "=":
                return lambda code: value in values(code)
            case "in":
                wanted = {*_words(value)}
                return lambda code: not wanted.isdisjoint(values(code))
            case "not-in":
                unwanted = {*_words(value)}
                return lambda code: unwanted.isdisjoint(values(code))
            case "exists":
                return lambda code: bool(values(code)) == (value == "true")
            case "regex":
                return lambda code: any(fullmatch(value, one) for one in values(code))
        return None

    def _values(self, name: str) -> Callable[[str], tuple[str, ...]] | None:
        """The values of a property of a code; ``None`` for one that this system does not have."""
        if name == "parent":
            return lambda code: self.parents[code]
        if name == "child":
            return lambda code: self.children.get(code, ())
        if name == "display":
            return lambda code: tuple(filter(None, (self.concepts[code].get("display"),)))
        if name == "inactive":
            return lambda code: ("true" if self._concept(code, self.concepts[code]).inactive else "false",)
        if name == self._not_selectable:
            return lambda code: tuple(v for k, v in self.properties[code] if k == name) or ("false",)
        if name not in self._property_names:
            return None
        return lambda code: tuple(v for k, v in self.properties[code] if k == name)

    @cached_property
    def _property_names(self) -> frozenset[str]:
        declared = (one.get("code") for one in _objects(self.resource.get("property")))
        used = (name for properties in self.properties.values() for name, _ in properties)
        return frozenset(name for name in (*declared, *used) if isinstance(name, str))


_HIERARCHICAL = frozenset({"is-a", "descendent-of", "is-not-a", "child-of", "descendent-leaf", "generalizes"})


def _objects(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _properties(concept: Json) -> Iterator[tuple[str, str]]:
    for item in _objects(concept.get("property")):
        value = next((item[key] for key in item if key.startswith("value")), None)
        if isinstance(value, dict):
            value = value.get("code")
        if value is not None and isinstance(item.get("code"), str):
            yield item["code"], str(value).lower() if isinstance(value, bool) else str(value)


def _deprecation(values: Mapping[str, str]) -> str | None:
    # https://hl7.org/fhir/R4/codesystem.html#defined-props: since when; systems do not announce it beforehand.
    told = values.get("deprecated") == "true" or "deprecationDate" in values
    return "deprecated" if told else None


def _standards_status(concept: Json) -> str | None:
    for extension in _objects(concept.get("extension")):
        if extension.get("url") == _STATUS_KNOWN:
            status = extension.get("valueCode")
            return status if isinstance(status, str) else None
    return None


def _reached(start: str, links: Mapping[str, tuple[str, ...]]) -> dict[str, None]:
    found: dict[str, None] = {}
    todo = [*reversed(links.get(start, ()))]
    while todo:
        code = todo.pop()
        if code not in found and code != start:
            found[code] = None
            todo.extend(reversed(links.get(code, ())))
    return found


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",")]


def _deciding(codes: Iterable[str], test: Callable[[str], bool]) -> dict[str, None] | None:
    """The codes that pass; ``None`` where the test is a pattern that is none, or takes too long."""
    try:
        with BoundedTogether(apart=True):  # what is found here is kept for others
            return {code: None for code in codes if test(code)}
    except PatternError:
        return None
