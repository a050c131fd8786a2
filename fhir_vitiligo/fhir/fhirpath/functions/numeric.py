"""Functions of numbers (http://hl7.org/fhirpath/N1/#math). A result that is no number is empty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from fhir_vitiligo.fhir.fhirpath.arithmetic import CONTEXT, number
from fhir_vitiligo.fhir.fhirpath.code import Code, Scalar, checked, from_scalar, scalar_of
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.node import Environment, Item
from fhir_vitiligo.fhir.fhirpath.quantity import Quantity
from fhir_vitiligo.fhir.fhirpath.syntax import Call

# exp, ln and power: digits beyond FHIRPath's 28 would only pretend.
_IRRATIONAL = Context(prec=28, traps=[])
# Beyond it a number is no measure of anything, and writing it out would fill the memory.
_MOST_DIGITS = 300
_MOST_PLACES = 40


def _known(value: Decimal) -> Decimal | None:
    return value if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS else None


def _whole(rounding: str) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if type(value) is int:
            return value
        if _known(value) is None:
            return None
        return number(int(value.to_integral_value(rounding)))

    return apply


def _abs(value: Any) -> Any:
    if type(value) is Quantity:
        return Quantity(abs(value.value), value.unit, value.calendar)
    return abs(value)


def _exp(value: Any) -> Any:
    return _known(_IRRATIONAL.exp(Decimal(value)))


def _ln(value: Any) -> Any:
    return _known(_IRRATIONAL.ln(Decimal(value))) if value > 0 else None


def _sqrt(value: Any) -> Any:
    return _known(_IRRATIONAL.sqrt(Decimal(value))) if value >= 0 else None


def _of_number(apply: Callable[[Any], Any], quantity: bool = False) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        kinds = (int, Decimal, Quantity) if quantity else (int, Decimal)
        scalar = checked(scalar_of(source, place), kinds, "number", place)

        def value(this: Item | None, env: Environment) -> Any:
            found = scalar(this, env)
            return None if found is None else apply(found)

        return from_scalar(value)

    return factory


def _log(value: Any, base: Any) -> Any:
    if value <= 0 or base <= 0 or base == 1:
        return None
    # Ten's logarithm is exact where it can be.
    if base == 10:
        return _known(_IRRATIONAL.log10(Decimal(value)))
    found = _known(CONTEXT.divide(CONTEXT.ln(Decimal(value)), CONTEXT.ln(Decimal(base))))
    return None if found is None else _IRRATIONAL.plus(found).normalize()


def _power(value: Any, exponent: Any) -> Any:
    found = _known(_IRRATIONAL.power(Decimal(value), Decimal(exponent)))
    if found is not None and type(value) is int and type(exponent) is int and exponent >= 0:
        return number(int(found))
    return found


def _round(value: Any, places: Any) -> Any:
    if type(value) is int:
        return value
    if not 0 <= places <= _MOST_PLACES or _known(value) is None:
        return None
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=400, traps=[]))
    return _known(rounded)


def _with_argument(apply: Callable[[Any, Any], Any], default: int | None = None) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        scalar = checked(scalar_of(source, place), (int, Decimal), "number", place)
        other: Scalar = lambda this, env: default  # noqa: E731
        if call.arguments:
            other = compiler.typed(call.arguments[0], (int, Decimal), "number")

        def value(this: Item | None, env: Environment) -> Any:
            found, argument = scalar(this, env), other(this, env)
            return None if found is None or argument is None else apply(found, argument)

        return from_scalar(value)

    return factory


FUNCTIONS: dict[str, tuple[Factory, int, int]] = {
    "abs": (_of_number(_abs, quantity=True), 0, 0),
    "ceiling": (_of_number(_whole(ROUND_CEILING)), 0, 0),
    "floor": (_of_number(_whole(ROUND_FLOOR)), 0, 0),
    "truncate": (_of_number(_whole(ROUND_DOWN)), 0, 0),
    "exp": (_of_number(_exp), 0, 0),
    "ln": (_of_number(_ln), 0, 0),
    "sqrt": (_of_number(_sqrt), 0, 0),
    "log": (_with_argument(_log), 1, 1),
    "power": (_with_argument(_power), 1, 1),
    "round": (_with_argument(_round, 0), 0, 1),
}
