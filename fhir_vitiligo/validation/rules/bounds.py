"""minValue and maxValue (https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.minValue_x_).

Numbers and dates are compared as they are written, moments as such whatever their zones, quantities in the unit of the limit.
A limit of a date that is a duration is that long before now for the least value, and that long after now for the greatest.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.units import compare as compare_quantities
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules.place import Place, Rule

_UCUM = "http://unitsofmeasure.org"
_MONTHS = {"a": 12, "mo": 1}
# UCUM's mean Julian month, for what is less than one.
_DAYS_OF_MONTH = Decimal("30.4375")
_SECONDS = {"wk": 604_800, "d": 86_400, "h": 3_600, "min": 60, "s": 1}


def make(place: Place) -> Rule | None:
    element, base = place.element, place.base
    least = element.min_value if base is None or base.min_value != element.min_value else None
    most = element.max_value if base is None or base.max_value != element.max_value else None
    if least is None and most is None:
        return None
    name, source = place.name, place.source

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        for limit, sign, word in ((least, -1, "at least"), (most, 1, "at most")):
            if limit is None or value is None:
                continue
            if isinstance(limit, dict) and isinstance(value, str):
                moment = _from_now(limit, sign)
                order = None if moment is None else _compare(value, moment if "T" in value else moment[:10])
            else:
                order = _compare(value, limit)
            if order == sign:
                text = f"`{name}` is {_told(value)}: it has to be {word} {_told(limit)}{source}."
                yield Fault("bounds", "value", text)
            elif order is None and isinstance(limit, dict):
                text = f"`{name}` cannot be compared with {_told(limit)}{source}: use that unit."
                # Two units that measure different things are wrong; a unit nobody knows is only open.
                wrong = isinstance(value, dict) and value.get("system") == limit.get("system") == _UCUM
                sure = wrong and "value" in value and "code" in value
                yield Fault("bounds", "value", text, severity="error" if sure else "warning")

    return check


def _compare(value: Any, limit: Any) -> int | None:
    """-1, 0 or 1; None where the two cannot be compared."""
    if isinstance(limit, dict):
        return _quantities(value, limit) if isinstance(value, dict) else None
    if isinstance(value, str) and isinstance(limit, str):
        moments = _moment(value), _moment(limit)
        if moments[0] is not None and moments[1] is not None:
            return (moments[0] > moments[1]) - (moments[0] < moments[1])
        # Dates, and times of which nobody knows the zone, order as their text does, as far as both are told.
        length = min(len(value), len(limit))
        one, other = value[:length], limit[:length]
        return (one > other) - (one < other)
    if _is_number(value) and _is_number(limit):
        return _order(value, limit)
    return None


def _from_now(duration: dict[str, Any], sign: int) -> str | None:
    """A limit of a date that is a duration: so long after now, or before it where the sign is negative."""
    number, code = duration.get("value"), duration.get("code")
    if not _is_number(number) or duration.get("system") != _UCUM or not isinstance(code, str):
        return None
    assert number is not None
    now = datetime.now(UTC)
    try:
        if code in _MONTHS:
            months = sign * number * _MONTHS[code]
            year, month = divmod(now.year * 12 + now.month - 1 + int(months), 12)
            day = min(now.day, monthrange(year, month + 1)[1])
            rest = timedelta(days=float((months - int(months)) * _DAYS_OF_MONTH))
            return (now.replace(year=year, month=month + 1, day=day) + rest).isoformat()
        if code in _SECONDS:
            return (now + timedelta(seconds=float(sign * number * _SECONDS[code]))).isoformat()
    except (ValueError, OverflowError):
        pass
    return None


def _moment(text: str) -> datetime | None:
    """A time with its zone; None for anything else."""
    if "T" not in text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None  # told by its type
    return found if found.tzinfo is not None else None


def _quantities(value: dict[str, Any], limit: dict[str, Any]) -> int | None:
    number, bound = value.get("value"), limit.get("value")
    if not _is_number(number) or not _is_number(bound) or value.get("system") != limit.get("system"):
        return None
    code, unit = value.get("code"), limit.get("code")
    assert number is not None
    assert bound is not None
    if code == unit:
        return _order(number, bound)
    if value.get("system") != _UCUM or not isinstance(code, str) or not isinstance(unit, str):
        return None
    return compare_quantities(Decimal(number), code, Decimal(bound), unit)


def _order(one: Decimal | int, other: Decimal | int) -> int:
    return int(one > other) - int(one < other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        parts = (value.get("value"), value.get("code") or value.get("unit"))
        return " ".join(str(part) for part in parts if part is not None) or "without a value"
    return shown(value)
