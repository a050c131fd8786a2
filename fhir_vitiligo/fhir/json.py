"""FHIR JSON with exact decimals (https://hl7.org/fhir/R4/json.html#decimal: precision is significant).

The only home of the JSON library. A number with a fraction or exponent becomes a :class:`decimal.Decimal` and goes out
digit for digit as it came in: ``1.50`` stays ``1.50``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from fhir_vitiligo.errors import InputError

# Python's json and msgspec both stop at the interpreter's recursion limit; real resources nest less than 40 deep.
MAX_DEPTH = 200
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")

Json = dict[str, Any]


def loads(text: str | bytes | bytearray | memoryview) -> Any:
    """Any JSON value. Raises :class:`InputError` in one sentence when the text is not JSON or not UTF-8."""
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not valid JSON: {error}", code="structure") from None
    except RecursionError:
        raise InputError("not readable JSON: nested too deeply", code="too-costly") from None
    except (ValueError, ArithmeticError) as error:
        raise InputError(f"not readable JSON: {error}", code="value") from None


def loads_object(text: str | bytes) -> Json:
    """A JSON object; anything else is an :class:`InputError` that says what it is instead."""
    value = loads(text)
    if not isinstance(value, dict):
        raise InputError(f"expected a JSON object, found {_kind(value)}", code="structure")
    return value


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return _ENCODER.encode(value)


def dumps_pretty(value: Any) -> bytes:
    """Indented UTF-8 JSON for people."""
    return msgspec.json.format(_ENCODER.encode(value), indent=2)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | Decimal():
            return "a number"
        case str():
            return "a string"
        case _:
            return "an array"
