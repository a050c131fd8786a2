"""Number: compared within the precision it is written with (https://hl7.org/fhir/R4/search.html#number)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from fhir_vitiligo.search.types.base import Alternative, Column, Context, Row, SearchType, Test, bad_value
from fhir_vitiligo.search.types.prefixes import overlap, split_prefix, tests

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST = 60  # digits; a double holds 17


def real(value: Any) -> float | None:
    """A JSON number as a double; None for anything else. What is too large for a double is infinite."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def range_of(value: Any) -> tuple[float, float] | None:
    """``low`` and ``high`` of a number, or of a Range of quantities (open where one is missing)."""
    number = real(value)
    if number is not None:
        return number, number
    if isinstance(value, dict) and ("low" in value or "high" in value):
        low, high = (
            real(end.get("value")) if isinstance(end, dict) else None
            for end in map(value.get, ("low", "high"))
        )
        if low is not None or high is not None:
            return -math.inf if low is None else low, math.inf if high is None else high
    return None


def _rows(value: Any) -> Iterator[Row]:
    found = range_of(value)
    if found is not None:
        yield found


def number_tests(text: str) -> tuple[Alternative, ...]:
    """The tests of ``[prefix]number``.

    ``eq``, ``ne`` mean the interval of half a unit of the last digit written around the number (100 is
    [99.5, 100.5)); the other prefixes compare with the number itself; ``ap`` allows a tenth.
    """
    prefix, written = split_prefix(text)
    if not _NUMBER.fullmatch(written) or len(written) > _LONGEST:
        raise bad_value(
            text, "a number is digits with an optional fraction and exponent, after a prefix or none"
        )
    exact = Decimal(written)
    number = float(exact)
    match prefix:
        case "eq" | "ne":
            _, _, exponent = exact.as_tuple()
            assert isinstance(exponent, int)
            # 2e2 is written to the hundred, but 200 to the unit
            half = Decimal(5).scaleb(exponent - 1)
            low, high = float(exact - half), float(exact + half)
            if prefix == "eq":
                return ((Test("low", ">=", low), Test("high", "<", high)),)
            return ((Test("low", "<", low),), (Test("high", ">=", high),))
        case "ap":
            margin = abs(number) / 10
            return overlap(number - margin, number + margin)
        case _:
            return tests(prefix, number, number)


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    return number_tests(text)


NUMBER = SearchType("number", (Column("low", "real"), Column("high", "real")), _rows, _parse)
