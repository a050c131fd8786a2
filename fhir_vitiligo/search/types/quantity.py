"""Quantity: [prefix]number, with |system|code or ||unit (https://hl7.org/fhir/R4/search.html#quantity).

Units are compared as written; ``1 g`` does not find ``1000 mg``.
"""

from __future__ import annotations

import math
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
from fhir_vitiligo.search.types.number import number_tests, range_of, real

_CURRENCY = "urn:iso:std:iso:4217"  # what Money.currency is a code of


def _rows(value: Any) -> Iterator[Row]:
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
