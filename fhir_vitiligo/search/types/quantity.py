"""Quantity: [prefix]number, with |system|code or ||unit (https://hl7.org/fhir/R4/search.html#quantity).

:data:`QUANTITY` compares units as written. :data:`CANONICAL` holds the same quantities in UCUM's base units, so
that ``1|http://unitsofmeasure.org|g`` finds 1000 mg; a search that names a UCUM code is asked of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from fhir_vitiligo.fhir import units
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
from fhir_vitiligo.search.types.number import number_tests, range_of, real

_CURRENCY = "urn:iso:std:iso:4217"  # what Money.currency is a code of
_UCUM = "http://unitsofmeasure.org"


def _rows(value: Any) -> Iterator[tuple[float, float, str, str, str]]:
    if not isinstance(value, dict):
        return
    ends = range_of(value)
    if ends is not None:  # Range
        unit: dict[str, Any] = next(
            (value[end] for end in ("low", "high") if isinstance(value.get(end), dict)), {}
        )
        yield (*ends, *_unit(unit))
        return
    number = real(value.get("value"))
    if number is None:
        return
    low, high = number, number
    match value.get("comparator"):
        case "<" | "<=":
            low = -math.inf
        case ">" | ">=":
            high = math.inf
    yield (low, high, *_unit(value))


def _unit(value: dict[str, Any]) -> tuple[str, str, str]:
    if "currency" in value:
        return (_CURRENCY, text_of(value["currency"]), "")
    return (text_of(value.get("system")), text_of(value.get("code")), text_of(value.get("unit")))


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    parts = [cut(unescape(part)) for part in split(text, "|")]
    if len(parts) not in (1, 3):
        raise bad_value(
            text, "a quantity is `number`, `number|system|code` or `number||code`, with a prefix or none"
        )
    numbers = number_tests(parts[0])
    if len(parts) == 1:
        return numbers
    _, system, code = parts
    if not code:
        raise bad_value(text, "the code of the unit is missing after the last bar")
    if system:
        return tuple(
            (*alternative, Test("system", "=", system), Test("code", "=", code)) for alternative in numbers
        )
    return tuple(
        (*alternative, Test(column, "=", code)) for alternative in numbers for column in ("code", "unit")
    )


QUANTITY = SearchType(
    "quantity",
    (
        Column("low", "real"),
        Column("high", "real"),
        Column("system", "text"),
        Column("code", "text"),
        Column("unit", "text"),
    ),
    _rows,
    _parse,
)


@lru_cache(maxsize=4096)
def _base_unit(code: str) -> tuple[Fraction, Fraction, str] | None:
    """Factor, offset and name of the base unit of a UCUM code."""
    found = units.unit(code)
    if found is None:
        return None
    return found.factor, found.offset, ".".join(f"{name}{exponent}" for name, exponent in found.dimension)


def _in_base(number: float, factor: Fraction, offset: Fraction) -> float:
    """Through the decimal that is written, since 5.4 is no double."""
    if math.isinf(number) or math.isnan(number):
        return number
    try:
        return float(Fraction(Decimal(repr(number))) * factor + offset)
    except OverflowError:
        return math.copysign(math.inf, number)


def _canonical_rows(value: Any) -> Iterator[Row]:
    for low, high, system, code, _ in _rows(value):
        found = _canonical_row(low, high, code) if system == _UCUM else None
        if found is not None:
            yield found


@lru_cache(maxsize=16_384)
def _canonical_row(low: float, high: float, code: str) -> Row | None:
    found = _base_unit(code)
    if found is None:
        return None
    factor, offset, name = found
    return (_in_base(low, factor, offset), _in_base(high, factor, offset), _UCUM, cut(name), "")


def _parse_canonical(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    """Nothing where the text names no UCUM code."""
    parts = [unescape(part) for part in split(text, "|")]
    found = _base_unit(parts[2]) if len(parts) == 3 and parts[1] == _UCUM else None
    if found is None:
        return ()
    factor, offset, name = found
    unit = (Test("system", "=", _UCUM), Test("code", "=", cut(name)))
    return tuple(
        (*(_moved(test, factor, offset) for test in alternative), *unit)
        for alternative in number_tests(parts[0])
    )


def _moved(test: Test, factor: Fraction, offset: Fraction) -> Test:
    assert isinstance(test.value, float)
    return replace(test, value=_in_base(test.value, factor, offset))


CANONICAL = replace(QUANTITY, rows=_canonical_rows, parse=_parse_canonical)
