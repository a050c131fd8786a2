"""Reference: id, type/id, URL, canonical (https://hl7.org/fhir/R4/search.html#reference)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.references import is_id, parse_restful
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


def _rows(value: Any) -> Iterator[Row]:
    """``(id, type, base)``; a URL that is not RESTful, a canonical or a urn is an id without a type. What is no Reference
    but text is a canonical or a URI, and may be an address at once: it is found as either.
    """
    if isinstance(value, str):
        yield from dict.fromkeys((*_rows_of_text(value), *_rows_of_name(value)))
    elif isinstance(value, dict):
        literal = value.get("reference")
        if isinstance(literal, dict):  # CodeableReference
            yield from _rows(literal)
        elif isinstance(literal, str) and not literal.startswith("#"):
            yield from _rows_of_text(literal)
        else:
            yield ("", "", "")


def _rows_of_text(text: str) -> Iterator[Row]:
    parsed = parse_restful(text)
    if parsed is not None:
        yield (parsed.id, parsed.type, cut(parsed.base))
        return
    yield (cut(text), "", "")
    canonical, bar, _ = text.partition("|")
    if bar and canonical:  # a search without a version finds every version
        yield from _rows_of_text(canonical)


def _rows_of_name(text: str) -> Iterator[Row]:
    """The canonical as a name, by which links to its resource are followed; a relative reference is none."""
    canonical = text.partition("|")[0]
    if ":" in canonical:
        yield (cut(canonical), "", "")


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    wanted = unescape(text)
    if is_id(wanted):
        types = (modifier,) if modifier else context.targets
        tests = [Test("id", "=", wanted)]
        if len(types) == 1:
            tests.append(Test("type", "=", types[0]))
        return tuple((*tests, Test("base", "=", base)) for base in _own(context))
    parsed = parse_restful(wanted)
    if parsed is not None:
        if modifier and parsed.type != modifier:
            raise bad_value(text, f"the modifier :{modifier} asks for a {modifier}, this is a {parsed.type}")
        bases = _own(context) if parsed.base in ("", context.base) else (parsed.base,)
        tests = [Test("id", "=", parsed.id), Test("type", "=", parsed.type)]
        return tuple((*tests, Test("base", "=", cut(base))) for base in bases)
    if ":" in wanted and not modifier:
        return ((Test("id", "=", cut(wanted)), Test("type", "=", ""), Test("base", "=", "")),)
    raise bad_value(text, "a reference is an id, `Type/id` or an absolute URL")


def _own(context: Context) -> tuple[str, ...]:
    """A resource here may be referred to relatively or by its full URL."""
    return ("", cut(context.base)) if context.base else ("",)


REFERENCE = SearchType(
    "reference", (Column("id", "text"), Column("type", "text"), Column("base", "text")), _rows, _parse
)
