"""Measured amounts: exact decimals with a UCUM unit, and ranges of them (https://ucum.org/ucum)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_serializer, model_validator

from fhir_vitiligo.case.base import Model, Text, short
from fhir_vitiligo.terminology import ucum

MAX_DIGITS = 17
"""Before the point, and behind it: what every FHIR release can carry (R5's decimal has 18 and 17), and beyond any measurement."""

_MEASUREMENT = re.compile(rf"-?\d{{1,{MAX_DIGITS}}}(?:\.\d{{1,{MAX_DIGITS}}})?(?:E[+-]?\d{{1,2}})?")
NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,10})?"
# What begins with a digit or a sign that joins numbers is no unit but more of the number: 311-313 nm, 7,6.
_UNIT = r"(?![eE][+\-]?\d)(?:10[*^]|[^\s\d+\-\u2013\u2014\u2212\u00b1~,;:.]).*"
QUANTITY = re.compile(rf"^(?P<comparator><=|>=|<|>)?\s*(?P<value>{NUMBER})\s*(?P<unit>{_UNIT})?\Z")
_SEVERAL = re.compile(r"^\d+(?:\.\d+)?\s*[\-\u2013\u2014]\s*\d")
RANGE = re.compile(r"^(?P<low>\d+(?:\.\d+)?)\s*-\s*(?P<high>\d+(?:\.\d+)?)\s*(?P<unit>\S.*)\Z")


_DIGIT = re.compile(r"\d")


def _is_unit(text: str) -> bool:
    """Whether what stands behind a number can be its unit: of more numbers ("3x4 cm", "12/15", "2 years 3 months") only
    those that UCUM writes itself.
    """
    if not _DIGIT.search(text) or ucum.unit(text) is not None:
        return True
    # "12/15" is a share, although UCUM would take /15 for a unit.
    return (text[:2] == "10" or any(sign.isalpha() for sign in text)) and ucum.is_valid(text)


def exact(value: Any) -> Decimal:
    """A finite decimal as written; a binary float is taken by its shortest decimal form."""
    if isinstance(value, bool):
        raise ValueError("expected a number, found true or false")
    if isinstance(value, float):
        value = repr(value)
    try:
        number = (
            value if type(value) is Decimal else Decimal(value)
        )  # a measurement is its number, however spelled
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError(f"{short(value)} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{short(value)} is not a finite number")
    if not is_measurement(number):
        raise ValueError(
            f"a number of more than {MAX_DIGITS} digits before or behind the point is not a measurement"
        )
    return number


def is_measurement(number: Decimal) -> bool:
    """Whether a number can be carried digit for digit."""
    return bool(_MEASUREMENT.fullmatch(str(number)))


Exact = Annotated[Decimal, BeforeValidator(exact)]


class Quantity(Model):
    """A measured amount: exact ``value``, optional ``comparator``, ``unit`` as UCUM code or, where UCUM has
    none, as text.

    Plain forms: ``5.6`` (no unit), ``0.3 mL``, ``>50 %``. Unit words the registry knows (``cc``, ``years``)
    become UCUM.
    """

    value: Exact
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    unit: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            found = QUANTITY.match(data.strip())
            if found and found["unit"] and not _is_unit(found["unit"]):
                raise ValueError(
                    f"{short(data)} is more than one number, and the first alone would be wrong: write one number and its "
                    "unit, such as 27 mo, or {raw: ..., status: ambiguous} to keep what the source says"
                )
            if not found:
                if _SEVERAL.match(data.strip()):
                    raise ValueError(
                        f"{short(data)} is a range, not one amount: write {{raw: ..., status: ambiguous}}"
                    )
                raise ValueError(
                    f"{short(data)} is not a number with an optional unit, such as 5.6 or 0.3 mL; to keep "
                    "what the source says without reading it, write {raw: ..., status: ambiguous}"
                )
            data = found.groupdict()
        elif not isinstance(data, dict | Quantity):
            data = {"value": data}
        if isinstance(data, dict) and isinstance(data.get("unit"), str):
            data = {**data, "unit": ucum.unit(data["unit"]) or data["unit"]}
        return data

    @model_serializer(mode="plain")
    def _as_plain(self) -> Any:
        if self.comparator is None and self.unit is None:
            return self.value
        plain = str(self)
        found = QUANTITY.match(plain)
        if found is not None and found["unit"] == self.unit and (self.unit is None or _is_unit(self.unit)):
            return plain
        return {name: item for name, item in self if item is not None}  # a unit in words of several lines

    def __str__(self) -> str:
        return f"{self.comparator or ''}{self.value}{' ' + self.unit if self.unit else ''}"


class Range(Model):
    """From ``low`` to ``high`` in one ``unit``. Plain form: ``10-19 a``."""

    low: Exact
    high: Exact
    unit: Text

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            found = RANGE.match(data.strip())
            if not found:
                raise ValueError(f"{short(data)} is not a range such as 10-19 a")
            data = found.groupdict()
        if isinstance(data, dict) and isinstance(data.get("unit"), str):
            data = {**data, "unit": ucum.unit(data["unit"]) or data["unit"]}
        return data

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"the range runs from {self.low} down to {self.high}: write the lower end first")
        if self.low < 0 or any("E" in str(end) for end in (self.low, self.high)):
            raise ValueError("a range needs two ends of zero or more, without exponent")
        return self

    @model_serializer(mode="plain")
    def _as_plain(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.low}-{self.high} {self.unit}"
