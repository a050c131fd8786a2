"""What some modifiers search instead of the value: index rows of their own beside those of the parameter.

https://hl7.org/fhir/R4/search.html#modifiers: ``:text`` and ``:of-type`` of tokens, ``:identifier`` of
references. Quantities have their companion in base units, which no modifier asks for but a UCUM code does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fhir_vitiligo.search.types.base import (
    Alternative,
    Context,
    Row,
    SearchType,
    Test,
    bad_value,
    cut,
    split,
    text_of,
    unescape,
)
from fhir_vitiligo.search.types.quantity import CANONICAL, QUANTITY
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.search.types.string import STRING, fold
from fhir_vitiligo.search.types.token import TOKEN


@lru_cache(maxsize=8192)
def _text_row(text: str) -> Row:
    exact = cut(text)
    return (cut(fold(exact)), exact)


def _texts(value: Any) -> Iterator[Row]:
    """``CodeableConcept.text``, ``Coding.display``, ``Identifier.type.text``."""
    if not isinstance(value, dict):
        return
    concept = value.get("concept")
    if isinstance(concept, dict):
        yield from _texts(concept)
        return
    if "value" in value:
        kind = value.get("type")
        found = [kind.get("text")] if isinstance(kind, dict) else []
    else:
        codings = value.get("coding")
        found = [value.get("text"), value.get("display")]
        if isinstance(codings, list):
            found += [coding.get("display") for coding in codings if isinstance(coding, dict)]
    for text in found:
        if text and isinstance(text, str):
            yield _text_row(text)


def _typed_identifiers(value: Any) -> Iterator[Row]:
    """An Identifier under each code of its type: its value, and ``system|code`` of the type."""
    kind = value.get("type") if isinstance(value, dict) else None
    codings = kind.get("coding") if isinstance(kind, dict) else None
    number = text_of(value.get("value")) if isinstance(codings, list) else ""
    if number and isinstance(codings, list):
        for coding in codings:
            if isinstance(coding, dict):
                yield (number, cut(f"{text_of(coding.get('system'))}|{text_of(coding.get('code'))}"))


def _parse_of_type(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) != 3 or not all(parts):
        raise bad_value(text, "with :of-type an identifier is `system of the type|code of the type|value`")
    system, code, value = parts
    return ((Test("code", "=", cut(value)), Test("system", "=", cut(f"{system}|{code}"))),)


def _identifier_rows(value: Any) -> Iterator[Row]:
    if isinstance(value, dict):
        inner = value.get("reference")
        if isinstance(inner, dict):  # CodeableReference
            yield from _identifier_rows(inner)
        elif isinstance(value.get("identifier"), dict):
            yield from TOKEN.rows(value["identifier"])


def _parse_text(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    return STRING.parse(text, None, context)


_TEXT = replace(STRING, rows=_texts, parse=_parse_text, modifiers=frozenset())
_OF_TYPE = replace(TOKEN, rows=_typed_identifiers, parse=_parse_of_type)
_IDENTIFIER = replace(TOKEN, rows=_identifier_rows)

# Name of the companion (that of its modifier, but for `canonical`) by search type.
COMPANIONS: Mapping[SearchType, Mapping[str, SearchType]] = MappingProxyType(
    {
        TOKEN: {"text": _TEXT, "of-type": _OF_TYPE},
        REFERENCE: {"identifier": _IDENTIFIER},
        QUANTITY: {"canonical": CANONICAL},
    }
)
MODIFIERS = frozenset({"text", "of-type", "identifier"})
