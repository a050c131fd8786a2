"""What an amount of a field should be, where that is beyond doubt: an age is a time, repigmentation is per cent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

from fhir_vitiligo.case.quantities import Quantity
from fhir_vitiligo.case.times import TIME_UNITS
from fhir_vitiligo.errors import Issue

_TIMES = frozenset({"age", "stable_for", "maintained_for"})
_PER_CENT: Mapping[str, bool] = MappingProxyType({"repigmentation": True, "improvement": False})
"""By field: whether it lies between 0 and 100. Improvement is negative where it became worse."""
_MEASURED = frozenset({"size", "strength", "dose", "cumulative_dose", "wavelength"})
_YEARS: Mapping[str, Decimal] = MappingProxyType(
    {"a": Decimal(1), "mo": Decimal(12), "wk": Decimal(52), "d": Decimal(365)}
)
_OLDEST = 125
"""Years: nobody has been older."""


def advise(path: str, amount: Quantity) -> Iterator[Issue]:
    """Warnings about the amount that stands at ``path``."""
    field = path.rpartition(".")[2]
    text = None
    if field in _TIMES and amount.unit not in TIME_UNITS:
        text = f"{amount} is no time: write a unit, such as 12 mo or 19 a"
    elif field == "age" and not 0 <= amount.value <= _OLDEST * _YEARS.get(
        amount.unit or "", Decimal("Infinity")
    ):
        text = f"{amount} is no age that a person has"
    elif field in _PER_CENT and amount.unit != "%":
        text = f"{amount} has not the unit %: write 75 % where per cent is meant"
    elif _PER_CENT.get(field, False) and not 0 <= amount.value <= 100:
        text = f"{amount} is not between 0 and 100 %"
    elif field in _MEASURED and amount.unit is None:
        text = f"{amount} has no unit: write one, such as 0.3 mL or 12 cm2"
    if text is not None:
        yield Issue("warning", "value", path, text)
