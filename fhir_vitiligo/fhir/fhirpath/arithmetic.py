"""Numbers, quantities, dates and strings in sums and products (http://hl7.org/fhirpath/N1/#math, #datetime-arithmetic).

Decimals are exact as far as 50 digits reach; a result beyond the numbers FHIRPath has is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.fhir.fhirpath import temporal
from fhir_vitiligo.fhir.fhirpath.code import Code, from_scalar, scalar_of
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.node import Environment, Item
from fhir_vitiligo.fhir.fhirpath.quantity import Quantity, factor
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal
from fhir_vitiligo.fhir.fhirpath.values import NUMBERS, charge, type_of

if TYPE_CHECKING:
    from fractions import Fraction

CONTEXT = Context(prec=50, traps=[])
_DIVISION = Context(prec=28, traps=[])
MOST_INTEGER = 2**63
MAX_STRING = 1_000_000


def number(value: Any) -> Any:
    """A result that can be given back: None when it is no number or too large."""
    if type(value) is int:
        return value if -MOST_INTEGER <= value < MOST_INTEGER else None
    return value if value.is_finite() else None


def signed(value: Any, negative: bool, place: Place) -> Any:
    if type(value) in NUMBERS:
        return -value if negative else value
    if type(value) is Quantity:
        return Quantity(-value.value if negative else value.value, value.unit, value.calendar)
    if negative and type(value) is str:
        # sort(-$this) asks for the reverse order of strings.
        raise place.error("System.String has no sign")
    raise place.error(f"{type_of(value)} has no sign")


def operation(operator: str, terms: list[Code], place: Place) -> Code:
    if operator == "&":
        return _concatenation(terms, place)
    left = scalar_of(terms[0], place, f"before {operator}")
    right = scalar_of(terms[1], place, f"after {operator}")
    apply = _OPERATIONS[operator]

    def scalar(this: Item | None, env: Environment) -> Any:
        a, b = left(this, env), right(this, env)
        if a is None or b is None:
            return None
        kind = type(a)
        if kind is int and type(b) is int and operator in "+-*":
            return number(a + b if operator == "+" else a - b if operator == "-" else a * b)
        found = apply(a, b, place)
        if type(found) is str:
            charge(env, place, len(found) // 100)
        return found

    return from_scalar(scalar)


def _concatenation(terms: list[Code], place: Place) -> Code:
    """``&``: empty counts as the empty string."""
    scalars = [scalar_of(term, place, "beside &") for term in terms]

    def scalar(this: Item | None, env: Environment) -> str:
        text = ""
        for part in scalars:
            value = part(this, env)
            if type(value) is str:
                text += value
            elif value is not None:
                raise place.error(f"{type_of(value)} where beside & a String is needed")
        return bounded(text, env, place)

    return from_scalar(scalar, "String")


def bounded(text: str, env: Environment, place: Place) -> str:
    """A string an expression made; an error when it grows beyond what a resource may hold."""
    if len(text) > MAX_STRING:
        raise place.error(f"a string of more than {MAX_STRING} characters", "limit")
    charge(env, place, len(text) // 100)
    return text


def _unfit(a: Any, b: Any, operator: str, place: Place) -> Exception:
    return place.error(f"{type_of(a)} {operator} {type_of(b)} has no meaning", "semantic")


def _sum(a: Any, b: Any, place: Place, sign: int = 1) -> Any:
    one, other = type(a), type(b)
    if one in NUMBERS and other in NUMBERS:
        return number(CONTEXT.add(Decimal(a), sign * Decimal(b)))
    if sign > 0 and one is str and other is str:
        if len(a) + len(b) > MAX_STRING:
            raise place.error(f"a string of more than {MAX_STRING} characters", "limit")
        return a + b
    if one is Temporal and other is Quantity:
        try:
            return temporal.moved(a, sign * b.value, b.unit)
        except ValueError as error:
            raise place.error(str(error)) from None
    if one is Quantity or other is Quantity:
        x, y = _quantity(a), _quantity(b)
        if x is not None and y is not None:
            return _quantities(x, y, sign)
    raise _unfit(a, b, "+" if sign > 0 else "-", place)


def _difference(a: Any, b: Any, place: Place) -> Any:
    return _sum(a, b, place, -1)


def _quantity(value: Any) -> Quantity | None:
    if type(value) is Quantity:
        return value
    return Quantity(Decimal(value), "1") if type(value) in NUMBERS else None


def _quantities(x: Quantity, y: Quantity, sign: int) -> Quantity | None:
    """In the finer unit of the two; None when they measure different things."""
    ratio = factor(y, x)
    if ratio is None:
        return None
    if ratio >= 1:
        total = CONTEXT.add(x.value, sign * CONTEXT.multiply(y.value, _decimal(ratio)))
        return Quantity(total, x.unit, x.calendar) if total.is_finite() else None
    total = CONTEXT.add(CONTEXT.multiply(x.value, _decimal(1 / ratio)), sign * y.value)
    return Quantity(total, y.unit, y.calendar) if total.is_finite() else None


def _decimal(value: Fraction) -> Decimal:
    return CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _product(a: Any, b: Any, place: Place) -> Any:
    if type(a) in NUMBERS and type(b) in NUMBERS:
        return number(CONTEXT.multiply(Decimal(a), Decimal(b)))
    x, y = _quantity(a), _quantity(b)
    if x is None or y is None:
        raise _unfit(a, b, "*", place)
    return _combined(x, y, CONTEXT.multiply, divided=False)


def _quotient(a: Any, b: Any, place: Place) -> Any:
    if type(a) in NUMBERS and type(b) in NUMBERS:
        return number(_DIVISION.divide(Decimal(a), Decimal(b))) if b else None
    x, y = _quantity(a), _quantity(b)
    if x is None or y is None:
        raise _unfit(a, b, "/", place)
    return _combined(x, y, _DIVISION.divide, divided=True) if y.value else None


def _combined(
    x: Quantity, y: Quantity, apply: Callable[[Decimal, Decimal], Decimal], *, divided: bool
) -> Quantity | None:
    value = apply(x.value, y.value)
    if y.unit == "1":
        return Quantity(value, x.unit, x.calendar) if value.is_finite() else None
    from fhir_vitiligo.fhir.units import unit

    # A product is told in base units: UCUM knows how to read `cm.m`, people do not.
    product = unit(f"({x.ucum}){'/' if divided else '.'}({y.ucum})")
    if product is None or not value.is_finite():
        return None
    code = ".".join(f"{base}{'' if exponent == 1 else exponent}" for base, exponent in product.dimension)
    return Quantity(CONTEXT.multiply(value, _decimal(product.factor)), code or "1")


def _whole_quotient(a: Any, b: Any, place: Place) -> Any:
    if type(a) not in NUMBERS or type(b) not in NUMBERS:
        raise _unfit(a, b, "div", place)
    if not b:
        return None
    found = CONTEXT.divide_int(Decimal(a), Decimal(b))
    return number(int(found)) if found.is_finite() and found.adjusted() < 30 else None


def _remainder(a: Any, b: Any, place: Place) -> Any:
    if type(a) not in NUMBERS or type(b) not in NUMBERS:
        raise _unfit(a, b, "mod", place)
    if not b:
        return None
    found = CONTEXT.remainder(Decimal(a), Decimal(b))
    if not found.is_finite():
        return None
    return int(found) if type(a) is int and type(b) is int else found


_OPERATIONS: dict[str, Callable[[Any, Any, Place], Any]] = {
    "+": _sum,
    "-": _difference,
    "*": _product,
    "/": _quotient,
    "div": _whole_quotient,
    "mod": _remainder,
}
