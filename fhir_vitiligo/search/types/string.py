"""String: case- and accent-insensitive prefix, :exact, :contains
(https://hl7.org/fhir/R4/search.html#string).
"""

from __future__ import annotations

import unicodedata
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
    unescape,
)

# The parts of HumanName and Address that are text (`use`, `type` and `period` are not searched as strings).
_PARTS = (
    "text", "family", "given", "prefix", "suffix", "line", "city", "district", "state", "postalCode",
    "country",
)  # fmt: skip


def fold(text: str) -> str:
    """Without case, accents and doubled spaces: what a plain string search compares."""
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.casefold().split())


def _rows(value: Any) -> Iterator[Row]:
    if isinstance(value, str):
        exact = cut(value)
        yield (cut(fold(exact)), exact)
    elif isinstance(value, list):
        for item in value:
            yield from _rows(item)
    elif isinstance(value, dict):
        found = [row for part in _PARTS if part in value for row in _rows(value[part])]
        yield from found or [("", "")]


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    exact = cut(unescape(text))
    folded = cut(fold(exact))
    if not folded:
        raise bad_value(text, "a string search needs at least one letter, digit or sign")
    match modifier:
        case "exact":
            return ((Test("folded", "=", folded), Test("exact", "=", exact)),)
        case "contains":
            return ((Test("folded", "contains", folded),),)
        case _:
            return ((Test("folded", "prefix", folded),),)


STRING = SearchType(
    "string",
    (Column("folded", "text"), Column("exact", "text")),
    _rows,
    _parse,
    modifiers=frozenset({"exact", "contains"}),
)
