"""How precise a value is, and between which values it lies (http://hl7.org/fhirpath/N1/#lowboundary and the ballot after it).

Digits are counted: of a decimal those after the point, of a date ``YYYY`` is 4, ``YYYYMMDD`` 8, a time to the
millisecond 9, both 17.
"""

from __future__ import annotations

from calendar import monthrange
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from fhir_vitiligo.fhir.fhirpath.code import Code, from_scalar, from_truth, scalar_of
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.node import Environment, Item
from fhir_vitiligo.fhir.fhirpath.quantity import Quantity, in_common
from fhir_vitiligo.fhir.fhirpath.syntax import Call
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal
from fhir_vitiligo.fhir.fhirpath.values import type_of

_DECIMAL_DIGITS = 8
_MOST_DIGITS = 31
_DIGITS = {"Date": (4, 6, 8), "DateTime": (4, 6, 8, 10, 12, 17), "Time": (2, 4, 9)}
# The earliest and latest of each part; the days of a month are known when the month is.
_LOWEST = (1, 1, 1, 0, 0, Decimal("0.000"))
_HIGHEST = (9999, 12, 31, 23, 59, Decimal("59.999"))
# A local time without zone is early where the sun rises first.
_FIRST_ZONE, _LAST_ZONE = 14 * 60, -12 * 60
_WIDE = Context(prec=400, traps=[])


def _precision(value: Any) -> int | None:
    if type(value) is int:
        return 0
    if type(value) is Decimal:
        exponent = value.as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else None
    if type(value) is Quantity:
        return _precision(value.value)
    if type(value) is Temporal:
        digits = _DIGITS[value.kind]
        known = len(value.parts)
        whole = known < (3 if value.kind == "Time" else 6) or "." in value.text
        return digits[known - 1] if whole else digits[known - 1] - 3
    return None


def _of_decimal(value: Decimal, digits: int | None, high: bool) -> Decimal | None:
    digits = _DECIMAL_DIGITS if digits is None else digits
    if not 0 <= digits <= _MOST_DIGITS or abs(value.adjusted()) > 300:
        return None
    stated = _precision(value) or 0
    half = Decimal(5).scaleb(-stated - 1)
    bound = _WIDE.add(value, half if high else -half)
    # Towards zero what lies there is kept; away from it half a digit is rounded up, as HL7's own tests have it.
    towards_zero = (bound < 0) is high
    return bound.quantize(Decimal(1).scaleb(-digits), ROUND_DOWN if towards_zero else ROUND_HALF_UP, _WIDE)


def _of_temporal(value: Temporal, digits: int | None, high: bool) -> Temporal | None:
    known = _DIGITS[value.kind]
    digits = known[-1] if digits is None else digits
    if digits not in known:
        return None
    count = known.index(digits) + 1
    offset = 3 if value.kind == "Time" else 0
    parts = list(value.parts)
    for place in range(len(parts), count):
        bound = (_HIGHEST if high else _LOWEST)[place + offset]
        if high and place == 2 and value.kind != "Time":
            bound = monthrange(int(parts[0]), int(parts[1]))[1]
        parts.append(bound)
    if count + offset == 6 and len(value.parts) == count:
        # A second that was stated without its fraction.
        second = Decimal(parts[-1])
        if "." not in value.text:
            second += Decimal("0.999") if high else 0
        parts[-1] = second.quantize(Decimal("0.001"), ROUND_DOWN)
    zone = value.zone
    if value.kind == "DateTime" and zone is None and count > 3:
        zone = _LAST_ZONE if high else _FIRST_ZONE
    return Temporal(value.kind, tuple(parts[:count]), zone if count > 3 or value.kind == "Time" else None)


def _boundary(high: bool) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        scalar = scalar_of(source, place, f"before {call.name}()")
        number = compiler.typed(call.arguments[0], int, "Integer") if call.arguments else None

        def value(this: Item | None, env: Environment) -> Any:
            found = scalar(this, env)
            digits = None if number is None else number(this, env)
            if found is None or (number is not None and digits is None):
                return None
            if type(found) is int or type(found) is Decimal:
                return _of_decimal(Decimal(found), digits, high)
            if type(found) is Quantity:
                bound = _of_decimal(found.value, digits, high)
                return None if bound is None else Quantity(bound, found.unit, found.calendar)
            if type(found) is Temporal:
                return _of_temporal(found, digits, high)
            raise place.error(
                f"{call.name}() is for numbers, quantities, dates and times, not {type_of(found)}"
            )

        return from_scalar(value)

    return factory


def _precision_of(compiler: Compiler, call: Call, source: Code) -> Code:
    scalar = scalar_of(source, compiler.place(call), "before precision()")

    def value(this: Item | None, env: Environment) -> int | None:
        found = scalar(this, env)
        return None if found is None else _precision(found)

    return from_scalar(value, "Integer")


def _comparable(compiler: Compiler, call: Call, source: Code) -> Code:
    left = scalar_of(source, compiler.place(call), "before comparable()")
    right = compiler.scalar(call.arguments[0])

    def truth(this: Item | None, env: Environment) -> bool | None:
        a, b = left(this, env), right(this, env)
        if a is None or b is None:
            return None
        return type(a) is Quantity and type(b) is Quantity and in_common(a, b) is not None

    return from_truth(truth)


FUNCTIONS: dict[str, tuple[Factory, int, int]] = {
    "lowBoundary": (_boundary(False), 0, 1),
    "highBoundary": (_boundary(True), 0, 1),
    "precision": (_precision_of, 0, 0),
    "comparable": (_comparable, 1, 1),
}
