"""Pieces of SQL with their arguments."""

# ruff: noqa: S608 - the names in the statements are declared in this program, values are arguments

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fhir_vitiligo.fhir import json
from fhir_vitiligo.search.types.base import Alternative, Test

Argument = str | int | float


class Statement(NamedTuple):
    """SQL, or a piece of it, and its arguments in the order of their marks."""

    sql: str
    arguments: tuple[Argument, ...] = ()


def join(by: str, *parts: Statement) -> Statement:
    """The parts one behind another."""
    return Statement(
        by.join(part.sql for part in parts), tuple(value for part in parts for value in part.arguments)
    )


def every_test(alternative: Alternative, names: Mapping[str, str] | None = None) -> Statement:
    """All tests of an alternative; ``names`` are the columns' where they are not the search type's."""
    tests = [_test(test, (names or {}).get(test.column, test.column)) for test in alternative]
    joined = join(" AND ", *tests)
    return Statement(f"({joined.sql})", joined.arguments)


def _test(test: Test, column: str) -> Statement:
    value = test.value
    match test.operator:
        case "prefix":
            # Text is compared by code points, of which U+10FFFF is the last.
            assert isinstance(value, str)
            return Statement(f"{column} >= ? AND {column} < ?", (value, value + "\U0010ffff"))
        case "contains":
            assert isinstance(value, str)
            return Statement(f"instr({column}, ?) > 0", (value,))
        case "in":
            return Statement(f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(value).decode(),))
        case "near":
            assert isinstance(value, tuple)
            return Statement("x * ? + y * ? + z * ? >= ?", value)
        case operator:
            assert not isinstance(value, tuple)
            return Statement(f"{column} {operator} ?", (value,))
