"""The values a case is made of: facts, quantities, terms, moments, schedules.

Every one has a plain form for the case file (``19 a``, ``cheek``, ``1 mo before t0``, ``1 per 2 wk for 9
mo``) and a long form for what the plain one cannot say. Reading the plain form and writing it again are
inverse.

A :class:`Fact` is a value with what was written (``raw``), how it was read (``status``) and where (``span``).
"""

from __future__ import annotations

from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import SerializationInfo, SerializerFunctionWrapHandler, model_serializer, model_validator

from fhir_vitiligo.case.base import Key, Model, Text, Url
from fhir_vitiligo.case.coded import Code, Identifier, Term, assertable
from fhir_vitiligo.case.quantities import Exact, Quantity, Range, exact
from fhir_vitiligo.case.times import TIME_UNITS, Day, Moment, PartialDate, Schedule

__all__ = [
    "FACT_KEYS", "TIME_UNITS", "AbsentReason", "Candidate", "Code", "Day", "Exact", "Fact", "Identifier",
    "Key", "Model", "Moment", "PartialDate", "Quantity", "Range", "Schedule", "Span", "Status", "Term",
    "Text", "Url", "assertable", "exact",
]  # fmt: skip

Status = Literal["stated", "derived", "ambiguous", "absent"]
AbsentReason = Literal[
    "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable",
    "unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity",
    "not-performed", "not-permitted",
]  # fmt: skip
"""Why there is no value, in the words of FHIR's data-absent-reason code system."""


class Span(Model):
    """Where in the source's text: characters ``start`` to ``end`` (exclusive, from 0). Plain form: ``[start,
    end]``.
    """

    start: int
    end: int

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, list | tuple):
            if len(data) != 2:
                raise ValueError("a span is [start, end]: two character positions in the source text")
            return {"start": data[0], "end": data[1]}
        return data

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if not 0 <= self.start < self.end < 2**31:
            raise ValueError(
                f"a span starts at 0 or later and ends after its start, found {self.start} to {self.end}"
            )
        return self

    @model_serializer(mode="plain")
    def _as_plain(self) -> list[int]:
        return [self.start, self.end]


T = TypeVar("T")


class _OfType(Model, Generic[T]):
    """A model of values of one type."""

    @classmethod
    def value_type(cls) -> Any:
        """``Quantity`` of ``Fact[Quantity]``."""
        arguments = cls.__pydantic_generic_metadata__["args"]
        return arguments[0] if arguments else None

    def __reduce__(self) -> tuple[Any, ...]:
        # pickle looks for a class by its name in its module, where Fact[Quantity] is none.
        origin = self.__pydantic_generic_metadata__["origin"] or type(self)
        return _unpickled, (origin, self.value_type(), self.__dict__)


def _unpickled(origin: Any, value_type: Any, fields: dict[str, Any]) -> Any:
    return (origin if value_type is None else origin[value_type]).unchecked(fields)


class Candidate(_OfType[T], Generic[T]):
    """A reading that the written form allows, with the ``method`` that yields it. Never used unless the
    caller accepts it.
    """

    value: T
    method: Text | None = None


class Fact(_OfType[T], Generic[T]):
    """A value with how it came to be known.

    ``stated`` (default) and ``derived`` have a ``value``; ``ambiguous`` has ``raw`` and maybe ``candidates``,
    and no value;
    ``absent`` has a ``reason`` and no value. Plain form: the value alone, when it was simply stated.
    """

    value: T | None = None
    raw: Text | None = None
    status: Status = "stated"
    reason: AbsentReason | None = None
    method: Text | None = None
    candidates: tuple[Candidate[T], ...] = ()
    span: Span | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, Fact):
            return data
        if isinstance(data, dict) and data and data.keys() <= FACT_KEYS:
            if data.get("status") == "absent" and data.get("reason") is None:
                return {**data, "reason": "unknown"}
            return data
        if isinstance(data, str) and cls.value_type() is Quantity:
            value = Quantity.model_validate(data)
            canonical = str(value)
            # A unit word (cc, years) was read as UCUM: what was written stays beside it.
            return (
                {"value": value}
                if canonical.replace(" ", "") == data.replace(" ", "")
                else {"value": value, "raw": data}
            )
        return {"value": data}

    @classmethod
    def of(cls, value: T) -> Self:
        """The fact that a value was stated, plainly. The value is one of the fact's own type: nothing is
        checked again.
        """
        return cls.unchecked({"value": value})

    @model_validator(mode="after")
    def _consistent(self) -> Fact[T]:
        if self.status in ("stated", "derived"):
            if self.value is None:
                raise ValueError(
                    f"a {self.status} fact needs a value; one that is not there is {{status: absent, reason: ...}}, one "
                    "that cannot be read for sure {raw: ..., status: ambiguous}"
                )
        elif self.value is not None:
            raise ValueError(
                f"an {self.status} fact has no value; a reading of what is written goes into candidates"
            )
        if self.status == "ambiguous" and self.raw is None:
            raise ValueError("an ambiguous fact needs raw: what was written")
        if (self.status == "absent") != (self.reason is not None):
            raise ValueError("an absent fact, and only an absent one, has a reason")
        if self.candidates and self.status != "ambiguous":
            raise ValueError("only an ambiguous fact has candidates")
        return self

    @model_serializer(mode="wrap")
    def _as_plain(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        written = {
            key: value for key, value in handler(self).items() if value is not None and value not in ((), [])
        }
        if written.get("status") == "stated":
            del written["status"]
        if written.keys() == {"value"}:
            plain = written["value"]
            # A value whose own long form looks like a fact's would be read back as one.
            return plain if not (isinstance(plain, dict) and plain.keys() <= FACT_KEYS) else written
        if written.keys() == {"value", "raw"} and self.value_type() is Quantity and self._reads_back():
            return self.raw
        return written

    def _reads_back(self) -> bool:
        try:
            return type(self).model_validate(self.raw) == self
        except ValueError:
            return False

    @property
    def plain(self) -> bool:
        """Whether there is nothing to say but the value."""
        return self.status == "stated" and self.raw is None and self.method is None and self.span is None

    def __str__(self) -> str:
        if self.value is not None:
            return str(self.value) if not isinstance(self.value, bool) else ("yes" if self.value else "no")
        if self.status == "ambiguous":
            return f"{self.raw} (ambiguous)"
        return f"not known ({self.reason})"


FACT_KEYS = frozenset(Fact.model_fields)
