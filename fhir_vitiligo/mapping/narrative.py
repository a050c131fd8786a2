"""The generated narrative of a resource (https://hl7.org/fhir/R4/narrative.html): its title and its facts, in
words.

Written for every resource, so how a class is put into words is looked up once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any, Protocol

from fhir_vitiligo.case.values import Fact, Model

_OPEN = '<div xmlns="http://www.w3.org/1999/xhtml"><p>'


def said(value: Any) -> str:
    """A case value in words: what was written where that is known."""
    words = _WORDS.get(value.__class__)
    if words is None:
        words = _WORDS[value.__class__] = _words_of(value.__class__)
    return words(value)


class Labelled(Protocol):
    """A field with the words for it."""

    @property
    def label(self) -> str:
        """What people read."""


def narrative(title: str, lines: Iterable[tuple[Labelled, Any]]) -> dict[str, str]:
    """``Resource.text``: ``generated``, a title and a list of label and value."""
    items = "".join([f"<li>{field.label}: {_escaped(said(value))}</li>" for field, value in lines])
    body = f"{title}</p><ul>{items}</ul></div>" if items else f"{title}</p></div>"
    return {"status": "generated", "div": _OPEN + body}


def _escaped(text: str) -> str:
    return escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text


def _fact(fact: Fact[Any]) -> str:
    value, raw = fact.value, fact.raw
    if value is None:
        return str(fact)
    text = (
        value
        if value.__class__ is str
        else ("yes" if value else "no")
        if value.__class__ is bool
        else said(value)
    )
    return text if raw is None or raw == text else f"{text} (written: {raw})"


def _several(values: tuple[Any, ...]) -> str:
    return "; ".join([said(value) for value in values])


def _group(item: Model) -> str:
    return ", ".join([said(value) for value in item.__dict__.values() if value is not None and value != ()])


def _words_of(kind: type) -> Callable[[Any], str]:
    if issubclass(kind, Fact):
        return _fact
    if issubclass(kind, tuple):
        return _several
    if issubclass(kind, Model) and kind.__str__ is Model.__str__:
        return _group
    return str


_WORDS: dict[type, Callable[[Any], str]] = {}
