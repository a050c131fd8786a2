"""JSON read to be written again with each number in the form it was written in (https://hl7.org/fhir/R4/json.html#decimal).

Who changes or leaves out a part of a resource has no business respelling the rest. Part of the home of the JSON library, with
:mod:`fhir_vitiligo.fhir.json_text`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.spelling import SpelledDecimal


class AsWritten:
    """``value`` is what :func:`fhir_vitiligo.fhir.json.loads` makes of the text, which is known to be JSON.

    The spelling of a number goes wherever the very object goes that was read: into a copy of the value, too, since nothing
    copies numbers.
    """

    def __init__(self, text: bytes) -> None:
        # By identity, with the number itself, which keeps the identity from being given to another.
        self._spelled: dict[int, SpelledDecimal] = {}
        self._read: dict[int, Decimal] = {}
        self.value: Any = msgspec.json.Decoder(float_hook=self._number).decode(text)

    def along_with(self, other: AsWritten) -> AsWritten:
        """The same text; numbers that come into its value from the other are spelled as they are there."""
        self._spelled |= other._spelled
        self._read |= other._read
        return self

    def _number(self, text: str) -> Decimal:
        number = Decimal(text)
        if str(number) != text:
            self._read[id(number)] = number
            self._spelled[id(number)] = SpelledDecimal(text)
        return number

    def spelled(self, value: Any) -> Any:
        """The value (or a part or copy of it) with numbers that ``str`` gives in the form they were written in."""
        if not self._spelled:
            return value
        match value:
            case dict():
                return {name: self.spelled(one) for name, one in value.items()}
            case list():
                return [self.spelled(one) for one in value]
            case Decimal():
                return self._spelled.get(id(value), value)
            case _:
                return value

    def dumps(self, value: Any) -> bytes:
        """Compact UTF-8 JSON of the value, or of a part or copy of it."""
        return _ENCODER.encode(self.spelled(value)) if self._spelled else json.dumps(value)


def _raw(value: Any) -> msgspec.Raw:
    if isinstance(value, SpelledDecimal):
        return msgspec.Raw(value.text.encode())
    raise NotImplementedError(f"{type(value).__name__} is no JSON")


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_raw)
