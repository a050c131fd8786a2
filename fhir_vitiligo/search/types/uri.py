"""Uri: equal as written, :below and :above along the path, :contains (https://hl7.org/fhir/R4/search.html#uri)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.search.types.base import Alternative, Column, Context, Row, SearchType, Test, cut, unescape


def _rows(value: Any) -> Iterator[Row]:
    if isinstance(value, str):
        yield (cut(value),)


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    wanted = cut(unescape(text))
    match modifier:
        case "below" | "above" if "://" not in wanted:  # urn:... has no path
            return ((Test("value", "=", wanted),),)
        case "below":
            branch = wanted.rstrip("/") + "/"
            return ((Test("value", "=", wanted),), (Test("value", "prefix", branch),))
        case "above":
            return tuple((Test("value", "=", stem),) for stem in _stems(wanted))
        case "contains":
            return ((Test("value", "contains", wanted),),)
        case _:
            return ((Test("value", "=", wanted),),)


def _stems(url: str) -> list[str]:
    """The URL and every URL above it, with and without the slash at the end."""
    scheme, mark, rest = url.partition("://")
    stems = [url]
    parts = rest.rstrip("/").split("/")
    for length in range(len(parts), 0, -1):
        stem = f"{scheme}{mark}{'/'.join(parts[:length])}"
        stems += [stem, stem + "/"]
    return list(dict.fromkeys(stems))


URI = SearchType(
    "uri", (Column("value", "text"),), _rows, _parse, modifiers=frozenset({"above", "below", "contains"})
)
