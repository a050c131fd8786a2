"""Quantities: a number and a UCUM unit or calendar duration (http://hl7.org/fhirpath/N1/#quantity).

Calendar words and UCUM's time units are the same up to weeks; a calendar year or month is no fixed length, so that
whether ``1 year`` equals ``1 'a'`` is left open.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fractions import Fraction

_UCUM_OF_WORD = {
    "year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min", "second": "s",
    "millisecond": "ms",
}  # fmt: skip
CALENDAR_UNITS = {written: word for word in _UCUM_OF_WORD for written in (word, word + "s")}
_PLAIN = Context(prec=400, traps=[])
# A fraction writes its number out: 1e999999999 would fill the memory.
_MOST_DIGITS = 1000
_UNEVEN = ("year", "month")
_UNEVEN_UCUM = ("a", "mo")


@dataclass(frozen=True, slots=True)
class Quantity:
    """``unit`` is a UCUM code, or with ``calendar`` a duration's word in the singular (``day``)."""

    value: Decimal
    unit: str
    calendar: bool = False

    def __str__(self) -> str:
        if self.calendar:
            # As expressions write it: 1 day, 4 days.
            return f"{self.value} {self.unit}" + ("" if abs(self.value) == 1 else "s")
        return f"{self.value} '{self.unit}'"

    @property
    def ucum(self) -> str:
        return _UCUM_OF_WORD.get(self.unit, self.unit)


def in_common(left: Quantity, right: Quantity) -> tuple[Any, Any] | None:
    """Both numbers in one unit, as decimals or as fractions; None when the units are not known to measure the same."""
    if left.unit == right.unit:
        return left.value, right.value
    if left.calendar != right.calendar and _uneven(left) and _uneven(right):
        return None
    a, b = left.ucum, right.ucum
    if a == b:
        return left.value, right.value
    if left.calendar and right.calendar and _uneven(left) and _uneven(right):
        # Twelve months are a year on every calendar.
        return left.value * (12 if left.unit == "year" else 1), right.value * (
            12 if right.unit == "year" else 1
        )
    if (left.calendar and left.unit in _UNEVEN) or (right.calendar and right.unit in _UNEVEN):
        return None
    if max(abs(left.value.adjusted()), abs(right.value.adjusted())) > _MOST_DIGITS:
        return None
    from fhir_vitiligo.fhir.units import canonical

    one, other = canonical(left.value, a), canonical(right.value, b)
    if one is None or other is None or one[1] != other[1]:
        return None
    return one[0], other[0]


def _uneven(quantity: Quantity) -> bool:
    return quantity.unit in (_UNEVEN if quantity.calendar else _UNEVEN_UCUM)


def equal(left: Quantity, right: Quantity) -> bool | None:
    """None where the units do not allow to tell."""
    numbers = in_common(left, right)
    if numbers is not None:
        return bool(numbers[0] == numbers[1])
    return None if _open(left, right) else False


def compare(left: Quantity, right: Quantity) -> int | None:
    """Negative, 0, positive; None when the units are not comparable."""
    numbers = in_common(left, right)
    if numbers is None:
        return None
    return int(numbers[0] > numbers[1]) - int(numbers[0] < numbers[1])


def factor(of: Quantity, to: Quantity) -> Fraction | None:
    """How many of one unit the other is: 1000 for g in mg. None where there is no such number, as for degrees Celsius
    in kelvin.
    """
    from fractions import Fraction

    from fhir_vitiligo.fhir.units import unit

    if of.unit == to.unit and of.calendar == to.calendar:
        return Fraction(1)
    if (
        in_common(Quantity(Decimal(1), of.unit, of.calendar), Quantity(Decimal(1), to.unit, to.calendar))
        is None
    ):
        return None
    one, other = unit(of.ucum), unit(to.ucum)
    if one is None or other is None or one.offset or other.offset:
        return None
    return one.factor / other.factor


def equivalent(left: Quantity, right: Quantity) -> bool:
    """Equal at the lesser precision of the two; a calendar year is a UCUM year here."""
    if left.ucum == right.ucum:
        return same_rounded(left.value, right.value)
    if max(abs(left.value.adjusted()), abs(right.value.adjusted())) > _MOST_DIGITS:
        return False
    # The precision is that of the numbers as written, in the unit of the one that has less.
    coarse, fine = (left, right) if _digits(left.value) <= _digits(right.value) else (right, left)
    ratio = factor(fine, coarse)
    if ratio is None:
        return equal(left, right) is True
    from fractions import Fraction

    digits = _digits(coarse.value)
    return round(Fraction(fine.value) * ratio, digits) == round(Fraction(coarse.value), digits)


def same_rounded(left: Decimal, right: Decimal) -> bool:
    """Whether two decimals are equivalent: equal when rounded to the digits of the less precise one."""
    digits = min(_digits(left), _digits(right))
    one, other = _rounded(left, digits), _rounded(right, digits)
    return one == other if one.is_finite() and other.is_finite() else left == right


def _rounded(value: Decimal, digits: int) -> Decimal:
    """Not a number where that takes more digits than are ever meant."""
    return value.quantize(Decimal(1).scaleb(-min(digits, _MOST_DIGITS)), ROUND_HALF_EVEN, _PLAIN)


def _digits(value: Decimal) -> int:
    """Digits after the point, trailing zeros not counted (http://hl7.org/fhirpath/N1/#equivalent)."""
    if value.as_tuple().exponent in (0, "F", "n"):
        return 0
    exponent = _PLAIN.normalize(value).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _open(left: Quantity, right: Quantity) -> bool:
    """Whether equality of uncomparable units is left open: a calendar year or month beside UCUM's."""
    return left.calendar != right.calendar and _uneven(left) and _uneven(right)
