"""What can be wrong with a FHIRPath expression, and where in its text.

http://hl7.org/fhirpath/N1/ names no error codes; ``kind`` tells when the fault shows: while reading
(``syntax``), by the types alone (``semantic``), with the data (``execution``), or because a bound of this
implementation is passed (``limit``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fhir_vitiligo.errors import InputError, Issue

Kind = Literal["syntax", "semantic", "execution", "limit"]
_CODES = {"syntax": "invalid", "semantic": "invalid", "execution": "processing", "limit": "too-costly"}
_SHOWN = 80


class FHIRPathError(InputError):
    """The expression cannot be read, means nothing, or cannot be answered. ``column`` counts from 1."""

    def __init__(self, reason: str, kind: Kind, text: str, position: int) -> None:
        self.reason, self.kind, self.text = reason, kind, text
        self.column = position + 1
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        sentence = f"{reason} (column {self.column} of the FHIRPath {shown!r})"
        super().__init__(Issue("error", _CODES[kind], "", sentence))

    def __reduce__(self) -> tuple[object, ...]:
        return (FHIRPathError, (self.reason, self.kind, self.text, self.column - 1))


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the text a closure comes from, so that it can say so when it fails."""

    text: str
    position: int

    def error(self, reason: str, kind: Kind = "execution") -> FHIRPathError:
        return FHIRPathError(reason, kind, self.text, self.position)
