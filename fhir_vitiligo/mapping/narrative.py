"""The generated narrative of a resource (https://hl7.org/fhir/R4/narrative.html): its title and its facts, in
words.

Written for every resource, so what a field or a class needs to be put into words is found once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from fhir_vitiligo.case.values import Fact, Model, Term

EMPTY: tuple[()] = ()
"""The one empty tuple there is (CPython shares it): it says nothing."""


def said(value: Any) -> str:
    """A case value in words: what was written where that is known."""
    words = _WORDS.get(value.__class__)
    if words is None:
        words = _WORDS[value.__class__] = _words_of(value.__class__)
    return words(value)


def narrative(title: str, lines: Iterable[str]) -> dict[str, str]:
    """``Resource.text``: ``generated``, a title and a list of lines."""
    return {"status": "generated", "div": div(title, lines)}


def div(title: str, lines: Iterable[str]) -> str:
    """The XHTML of a narrative."""
    items = "".join(lines)
    body = f"{title}</p><ul>{items}</ul></div>" if items else f"{title}</p></div>"
    return f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{body}'


def line(label: str, fact_type: type[Fact[Any]] | None = None, *, many: bool = False) -> Callable[[Any], str]:
    """The function from a field's value to its line."""
    words = said if fact_type is None or many else _words_of_fact(fact_type)
    before = f"<li>{label}: "

    def tell(value: Any) -> str:
        text = words(value)
        if "&" in text or "<" in text or ">" in text:
            text = escape(text, quote=False)
        return f"{before}{text}</li>"

    return tell


def _words_of_fact(fact_type: type[Fact[Any]]) -> Callable[[Fact[Any]], str]:
    inner = fact_type.__pydantic_generic_metadata__["args"][0]
    of_value = _term if isinstance(inner, type) and issubclass(inner, Term) else said

    def words(fact: Fact[Any]) -> str:
        known = fact.__dict__
        value, raw = known["value"], known["raw"]
        if value is None:
            return str(fact)
        text = value if value.__class__ is str else of_value(value)
        return text if raw is None or raw == text else f"{text} (written: {raw})"

    return words


def _term(term: Term) -> str:
    text: str | None = term.__dict__["text"]
    return text if text is not None else term.display


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _several(values: tuple[Any, ...]) -> str:
    return "; ".join([said(value) for value in values])


def _group(item: Model) -> str:
    values = item.__dict__.values()
    return ", ".join([said(value) for value in values if value is not None and value is not EMPTY])


def _words_of(kind: type) -> Callable[[Any], str]:
    if issubclass(kind, Fact):
        return _words_of_fact(kind)
    if issubclass(kind, tuple):
        return _several
    if issubclass(kind, Term):
        return _term
    if issubclass(kind, Model) and kind.__str__ is Model.__str__:
        return _group
    return _yes_or_no if kind is bool else str


_WORDS: dict[type, Callable[[Any], str]] = {}
