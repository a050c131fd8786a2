"""The generated narrative of a resource (https://hl7.org/fhir/R4/narrative.html): its title and its facts, in
words.

Written for every resource, so what a field or a class needs to be put into words is found once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from fhir_vitiligo.case.values import Fact, Model, Term
from fhir_vitiligo.terminology import registry

EMPTY: tuple[()] = ()
"""The one empty tuple there is (CPython shares it): it says nothing."""


def said(value: Any) -> str:
    """A case value in words: what was written where that is known."""
    return WORDS[value.__class__](value)


_OPEN = '<div xmlns="http://www.w3.org/1999/xhtml"><p>'


def narrative(title: str, lines: Iterable[str]) -> dict[str, str]:
    """``Resource.text``: ``generated``, a title and a list of lines."""
    start, empty = around(title)
    items = "".join(lines)
    return {"status": "generated", "div": f"{start}{items}{END}" if items else empty}


def around(title: str) -> tuple[str, str]:
    """What stands before the lines of a narrative (:data:`END` is after them), and all of one without lines."""
    return f"{_OPEN}{title}</p><ul>", f"{_OPEN}{title}</p></div>"


END = "</ul></div>"


def line(label: str, value: str) -> str:
    """A line of a narrative that stands for no field."""
    return f"<li>{label}: {escape(value, quote=False)}</li>"


def words_of(kind: Any, *, many: bool = False) -> Callable[[Any], str] | None:
    """The function that puts values of a class into words; ``None`` where a value is its own words."""
    if many:
        return "; ".join if kind is str else _several
    if kind is str:
        return None
    return WORDS[kind] if kind is not object else said


def _fact(fact: Fact[Any]) -> str:
    known = fact.__dict__
    value, raw = known["value"], known["raw"]
    if value is None:
        return str(fact)
    text: str = value if value.__class__ is str else WORDS[value.__class__](value)
    return text if raw is None or raw == text else f"{text} (written: {raw})"


def _of_terms(kind: type[Term]) -> Callable[[Term], str]:
    displays = _Displays(kind.category)

    def term(value: Term) -> str:
        known = value.__dict__
        text: str | None = known["text"]
        if text is not None:
            return text
        concept = known["concept"]
        return displays[concept] if concept is not None else value.display

    return term


class _Displays(dict[str, str]):
    """The displays of the concepts of a category, each looked up once."""

    def __init__(self, category: str) -> None:
        super().__init__()
        self._category = category

    def __missing__(self, key: str) -> str:
        display = self[key] = registry.concept(self._category, key).display
        return display


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _several(values: tuple[Any, ...]) -> str:
    return "; ".join([WORDS[value.__class__](value) for value in values])


def _group(kind: type[Model]) -> Callable[[Model], str]:
    """What a model without words of its own holds, field by field."""
    fields = tuple(kind.model_fields)

    def group(item: Model) -> str:
        known = item.__dict__
        said = []
        for name in fields:
            value = known[name]
            if value is not None and value is not EMPTY:
                said.append(value if value.__class__ is str else WORDS[value.__class__](value))
        return ", ".join(said)

    return group


def _words_of(kind: type) -> Callable[[Any], str]:
    if issubclass(kind, Fact):
        return _fact
    if issubclass(kind, tuple):
        return _several
    if issubclass(kind, Term):
        return _of_terms(kind)
    if issubclass(kind, Model) and kind.__str__ is Model.__str__:
        return _group(kind)
    return _yes_or_no if kind is bool else str


class _Words(dict[type, Callable[[Any], str]]):
    """How a class is put into words, found once."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        words = self[kind] = _words_of(kind)
        return words


WORDS = _Words()
