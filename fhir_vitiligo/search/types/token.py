"""Token: code, system|code, |code, system| (https://hl7.org/fhir/R4/search.html#token)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.search.types.base import (
    Alternative,
    Column,
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


def _rows(value: Any) -> Iterator[Row]:
    if isinstance(value, bool):
        yield ("true" if value else "false", "")
    elif isinstance(value, str):
        yield (cut(value), "")
    elif isinstance(value, int):
        yield (cut(f"{value:d}") if value.bit_length() < 1000 else "", "")
    elif isinstance(value, dict):
        yield from _rows_of_object(value)


def _rows_of_object(value: dict[str, Any]) -> Iterator[Row]:
    """CodeableConcept, CodeableReference, Coding, Identifier, ContactPoint: told apart by their members."""
    concept = value.get("concept")
    if isinstance(concept, dict):
        yield from _rows_of_object(concept)
        return
    codings = value.get("coding")
    if isinstance(codings, list):
        found = [
            (text_of(coding.get("code")), text_of(coding.get("system")))
            for coding in codings
            if isinstance(coding, dict)
        ]
        yield from found or [("", "")]
        return
    code = value.get("code") if "code" in value else value.get("value")
    yield (text_of(code), text_of(value.get("system")))


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    parts = [cut(unescape(part)) for part in split(text, "|")]
    match parts:
        case [code] if code:
            return ((Test("code", "=", code),),)
        case [system, code] if code:
            return ((Test("code", "=", code), Test("system", "=", system)),)
        case [system, ""] if system:
            return ((Test("system", "=", system),),)
        case _:
            raise bad_value(
                text, "a token is `code`, `system|code`, `|code` or `system|`; a bar within is written `\\|`"
            )


TOKEN = SearchType("token", (Column("code", "text"), Column("system", "text")), _rows, _parse)
