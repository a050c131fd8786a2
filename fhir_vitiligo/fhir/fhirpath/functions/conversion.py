"""Conversions between System types (http://hl7.org/fhirpath/N1/#conversion): empty where a value does not convert."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.fhirpath import temporal
from fhir_vitiligo.fhir.fhirpath.arithmetic import number
from fhir_vitiligo.fhir.fhirpath.code import Code, from_scalar, from_truth, scalar_of
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.node import Environment, Item
from fhir_vitiligo.fhir.fhirpath.quantity import CALENDAR_UNITS, Quantity
from fhir_vitiligo.fhir.fhirpath.syntax import Call
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal

_TRUE = frozenset(("true", "t", "yes", "y", "1", "1.0"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "0.0"))
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,100}(\.\d{1,100})?", re.ASCII)
_QUANTITY = re.compile(r"([+-]?\d{1,100}(?:\.\d{1,100})?)\s*(?:'([^']+)'|([a-zA-Z]+))?", re.ASCII)
_LONGEST = 300


def to_boolean(value: Any) -> bool | None:
    if value is True or value is False:
        return bool(value)
    if type(value) is str:
        folded = value.lower()
        return True if folded in _TRUE else False if folded in _FALSE else None
    if type(value) in (int, Decimal):
        return True if value == 1 else False if value == 0 else None
    return None


def to_integer(value: Any) -> int | None:
    if value is True or value is False:
        return int(value)
    if type(value) is int:
        return value
    if type(value) is str and _INTEGER.fullmatch(value):
        found = number(int(value))
        return found if found is None else int(found)
    return None


def to_decimal(value: Any) -> Decimal | None:
    if type(value) in (bool, int):
        return Decimal(value)
    if type(value) is Decimal:
        return value
    return (
        Decimal(value) if type(value) is str and len(value) < _LONGEST and _DECIMAL.fullmatch(value) else None
    )


def to_string(value: Any) -> str | None:
    if type(value) is str:
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) is Decimal:
        return f"{value:f}" if abs(value.adjusted()) < _LONGEST else str(value)
    return str(value) if type(value) in (int, Temporal, Quantity) else None


def to_quantity(value: Any) -> Quantity | None:
    if type(value) is Quantity:
        return value
    if type(value) in (bool, int, Decimal):
        return Quantity(Decimal(value), "1")
    found = _QUANTITY.fullmatch(value) if type(value) is str and len(value) < _LONGEST else None
    if found is None:
        return None
    amount, unit, word = found.groups()
    if word is not None:
        return (
            Quantity(Decimal(amount), CALENDAR_UNITS[word], calendar=True) if word in CALENDAR_UNITS else None
        )
    return Quantity(Decimal(amount), unit or "1")


def _to_temporal(kind: temporal.Kind) -> Callable[[Any], Temporal | None]:
    def convert(value: Any) -> Temporal | None:
        if type(value) is str:
            return temporal.parse(value, kind)
        if type(value) is not Temporal or value.kind == "Time" != kind:
            return value if type(value) is Temporal and value.kind == kind else None
        if value.kind == kind:
            return value
        if kind == "Date":
            return Temporal("Date", value.parts[:3])
        return value.as_date_time() if kind == "DateTime" and value.kind == "Date" else None

    return convert


def _converting(convert: Callable[[Any], Any], static: str) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        scalar = scalar_of(source, compiler.place(call), f"before {call.name}()")

        def value(this: Item | None, env: Environment) -> Any:
            found = scalar(this, env)
            return None if found is None else convert(found)

        return from_scalar(value, static)

    return factory


def _convertible(convert: Callable[[Any], Any]) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        scalar = scalar_of(source, compiler.place(call), f"before {call.name}()")

        def truth(this: Item | None, env: Environment) -> bool | None:
            found = scalar(this, env)
            return None if found is None else convert(found) is not None

        return from_truth(truth)

    return factory


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": to_boolean,
    "Integer": to_integer,
    "Decimal": to_decimal,
    "String": to_string,
    "Quantity": to_quantity,
    "Date": _to_temporal("Date"),
    "DateTime": _to_temporal("DateTime"),
    "Time": _to_temporal("Time"),
}
FUNCTIONS: dict[str, tuple[Factory, int, int]] = {
    **{f"to{name}": (_converting(convert, name), 0, 0) for name, convert in _CONVERSIONS.items()},
    **{f"convertsTo{name}": (_convertible(convert), 0, 0) for name, convert in _CONVERSIONS.items()},
}
