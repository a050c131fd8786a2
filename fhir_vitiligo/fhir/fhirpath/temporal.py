"""Dates, times and instants that know how precisely they were stated.

http://hl7.org/fhirpath/N1/#date, #datetime-arithmetic, #equals: two of unequal precision are neither equal nor
unequal, and neither is before the other, as long as what both state agrees. Seconds and their fraction are one
precision.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

Kind = Literal["Date", "DateTime", "Time"]

_FORM = re.compile(
    r"(?:(\d{4})(?:-(\d\d)(?:-(\d\d))?)?)?(T)?(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d{1,30})?))?)?)?(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_LONGEST = 64
_DATE_PARTS = 3
_HOURS_APART = timedelta(hours=14)  # no zone is further from UTC


class Temporal:
    """``parts``: year, month, day, hour, minute, second (:class:`Decimal`), as far as stated; a Time starts at the hour.

    ``zone`` is the offset in minutes, None when not stated. ``text`` is how it was written.
    """

    __slots__ = ("_utc", "kind", "parts", "text", "zone")

    def __init__(
        self, kind: Kind, parts: tuple[int | Decimal, ...], zone: int | None = None, text: str | None = None
    ) -> None:
        self.kind: Kind = kind
        self.parts = parts
        self.zone = zone
        self.text = _written(kind, parts, zone) if text is None else text
        self._utc: tuple[int | Decimal, ...] | None = None

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{self.kind}({self.text})"

    def in_utc(self) -> tuple[int | Decimal, ...]:
        """The parts as UTC has them; unchanged where no time or no zone is stated, or the calendar ends."""
        if self._utc is None:
            self._utc = self._in_utc()
        return self._utc

    def _in_utc(self) -> tuple[int | Decimal, ...]:
        if not self.zone or len(self.parts) <= _DATE_PARTS or self.kind == "Time":
            return self.parts
        try:
            moment = _local(*map(int, self.parts[:5])) - timedelta(minutes=self.zone)
        except (OverflowError, ValueError):
            return self.parts
        moved = (moment.year, moment.month, moment.day, moment.hour, moment.minute, *self.parts[5:])
        return moved[: len(self.parts)]

    def as_date_time(self) -> Temporal:
        return self if self.kind != "Date" else Temporal("DateTime", self.parts, None, self.text)


def compare(left: Temporal, right: Temporal) -> int | None:
    """Negative, 0 or positive; None where the precision does not suffice. Kinds must fit (:func:`comparable`).

    Where only one states a zone, the parts are compared as written, as HL7's engine does.
    """
    if left.zone is not None and right.zone is not None:
        a, b = left.in_utc(), right.in_utc()
    else:
        a, b = left.parts, right.parts
    if len(a) == len(b):
        return (a > b) - (a < b)
    for one, other in zip(a, b, strict=False):
        if one != other:
            return -1 if one < other else 1
    return None


def comparable(left: Temporal, right: Temporal) -> bool:
    """A Date is taken for a DateTime beside one; a Time only fits a Time."""
    return (left.kind == "Time") == (right.kind == "Time")


def equal(left: Temporal, right: Temporal) -> bool | None:
    """Equality; None where the precision, or a zone that only one states, leaves it open."""
    if not comparable(left, right):
        return False
    times = len(left.parts) > _DATE_PARTS and len(right.parts) > _DATE_PARTS
    if times and (left.zone is None) != (right.zone is None) and left.kind == "DateTime":
        return None if _may_be_same(left, right) else False
    order = compare(left, right)
    return None if order is None else order == 0


def _may_be_same(left: Temporal, right: Temporal) -> bool:
    try:
        return abs(_moment(left) - _moment(right)) <= _HOURS_APART + timedelta(minutes=1)
    except (OverflowError, ValueError):
        return True


def _moment(value: Temporal) -> datetime:
    return _local(*map(int, value.in_utc()))


def _local(
    year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime:
    """For reckoning alone, which is why it has no zone."""
    return datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001


@lru_cache(maxsize=4096)
def parse(text: str, kind: Kind) -> Temporal | None:
    """``2015-02-04T14:34:28+10:00`` and shorter, as FHIR's JSON and FHIRPath strings write them; else None."""
    try:
        return _parse(text, kind)
    except ValueError:
        return None


def parse_literal(text: str) -> Temporal:
    """The text of a literal without its ``@``: ``T14:34`` is a Time, ``2015-02T`` a DateTime, ``2015-02`` a Date."""
    if text[0] == "T":
        return _parse(text[1:], "Time")
    if "T" in text:
        date, _, time = text.partition("T")
        return _parse(text if time else date, "DateTime")
    return _parse(text, "Date")


def _parse(text: str, kind: Kind) -> Temporal:
    found = _FORM.fullmatch(text if kind != "Time" else "T" + text) if 0 < len(text) <= _LONGEST else None
    if found is None:
        raise ValueError(f"write it as {_FORMS[kind]}")
    year, month, day, mark, hour, minute, second, zone = found.groups()
    dated, timed = year is not None, hour is not None
    if kind == "Time":
        if dated or not timed or zone:
            raise ValueError(f"write it as {_FORMS[kind]}")
    elif not dated or bool(mark) != timed or (timed and day is None) or (zone and not timed):
        raise ValueError(f"write it as {_FORMS[kind]}")
    if kind == "Date" and timed:
        raise ValueError(f"write it as {_FORMS[kind]}")
    date = tuple(int(part) for part in (year, month, day) if part is not None)
    time = tuple(int(part) for part in (hour, minute) if part is not None)
    parts: tuple[int | Decimal, ...] = (*date, *time, *(() if second is None else (Decimal(second),)))
    _check(date, time, second)
    return Temporal(kind, parts, _offset(zone), text)


_FORMS = {
    "Date": "YYYY, YYYY-MM or YYYY-MM-DD",
    "DateTime": "YYYY-MM-DDThh:mm:ss.fff+zz:zz, or less from the right",
    "Time": "hh, hh:mm, hh:mm:ss or hh:mm:ss.fff",
}


def _check(date: tuple[int, ...], time: tuple[int, ...], second: str | None) -> None:
    if date and date[0] == 0:
        raise ValueError("there is no year 0")
    if len(date) > 1 and not 1 <= date[1] <= 12:
        raise ValueError(f"there is no month {date[1]}")
    if len(date) > 2 and not 1 <= date[2] <= monthrange(date[0], date[1])[1]:
        raise ValueError(f"that month has no day {date[2]}")
    if time and (time[0] > 23 or (len(time) > 1 and time[1] > 59) or (second and Decimal(second) >= 61)):
        raise ValueError("a day has 24 hours of 60 minutes of 60 seconds")


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:])
    return -minutes if zone[0] == "-" else minutes


def _written(kind: Kind, parts: tuple[int | Decimal, ...], zone: int | None) -> str:
    date, time = (parts[:_DATE_PARTS], parts[_DATE_PARTS:]) if kind != "Time" else ((), parts)
    text = "-".join(f"{part:0{4 if place == 0 else 2}d}" for place, part in enumerate(map(int, date)))
    if time:
        text += "T" if date else ""
        text += ":".join(f"{int(part):02d}" for part in time[:2])
        if len(time) > 2:
            whole, point, fraction = f"{Decimal(time[2]):f}".partition(".")
            text += f":{whole.zfill(2)}{point}{fraction}"
    if zone is None or not time:
        return text
    if zone == 0:
        return text + "Z"
    hours, minutes = divmod(abs(zone), 60)
    return f"{text}{'-' if zone < 0 else '+'}{hours:02d}:{minutes:02d}"


# Arithmetic.

# Calendar words and the UCUM units of definite length; UCUM's year and month are lengths no calendar knows.
_SECONDS = {
    "week": Decimal(604800),
    "day": Decimal(86400),
    "hour": Decimal(3600),
    "minute": Decimal(60),
    "second": Decimal(1),
    "millisecond": Decimal("0.001"),
}
_UCUM = {"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}
_PLACES = {"year": 1, "month": 2, "week": 3, "day": 3, "hour": 4, "minute": 5, "second": 6, "millisecond": 6}


def moved(value: Temporal, amount: Decimal, unit: str) -> Temporal | None:
    """``value`` plus ``amount`` of a calendar or UCUM time unit; None when the result leaves the calendar.

    :class:`ValueError` says that the unit is no time one can add. What the unit states finer than the value is
    cut to the value's precision; the fraction of a unit above seconds is ignored.
    """
    word = _UCUM.get(unit, unit)
    if word not in _PLACES or (value.kind == "Time" and _PLACES[word] <= _DATE_PARTS):
        raise ValueError(f"{unit!r} cannot be added to a {value.kind}")
    if word not in ("second", "millisecond"):
        amount = Decimal(int(amount))
    if value.kind == "Time":
        return _time_moved(value, amount * _SECONDS[word])
    if word in ("year", "month"):
        return _months_moved(value, int(amount) * (12 if word == "year" else 1))
    known = len(value.parts)
    seconds = amount * _SECONDS[word]
    if known < _DATE_PARTS:
        # A month has 30 days and a year 365 where a month or a year is all that is stated.
        days = int(seconds / 86400)
        return _months_moved(value, int(days / 365) * 12 if known == 1 else int(days / 30))
    padded = [*map(int, value.parts[:5]), *([0] * (5 - min(known, 5)))][:5]
    second = Decimal(value.parts[5]) if known > 5 else Decimal(0)
    cut = {3: 86400, 4: 3600, 5: 60}.get(known)
    if cut is not None:
        seconds = Decimal(int(seconds / cut) * cut)
    total = second + seconds
    whole = int(total.to_integral_value("ROUND_FLOOR"))
    try:
        moment = _local(*padded) + timedelta(seconds=whole)
    except (OverflowError, ValueError):
        return None
    parts = (
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second + (total - whole),
    )
    return Temporal(value.kind, parts[:known], value.zone)


def _months_moved(value: Temporal, months: int) -> Temporal | None:
    year = int(value.parts[0])
    month = int(value.parts[1]) if len(value.parts) > 1 else 1
    carried, month = divmod(month - 1 + months, 12)
    year, month = year + carried, month + 1
    if not 1 <= year <= 9999:
        return None
    parts: tuple[int | Decimal, ...] = (year, month)
    if len(value.parts) > 2:
        parts = (year, month, min(int(value.parts[2]), monthrange(year, month)[1]))
    return Temporal(value.kind, (*parts, *value.parts[3:])[: len(value.parts)], value.zone)


def _time_moved(value: Temporal, seconds: Decimal) -> Temporal:
    hour, minute, second = (*value.parts, 0, 0)[:3]
    known = len(value.parts)
    if known < 3:
        cut = 3600 if known == 1 else 60
        seconds = Decimal(int(seconds / cut) * cut)
    total = (int(hour) * 3600 + int(minute) * 60 + Decimal(second) + seconds) % 86400
    if total < 0:
        total += 86400
    parts = (int(total // 3600), int(total // 60 % 60), total % 60)
    return Temporal("Time", parts[:known])


# The clock.


def now() -> Temporal:
    """This moment to the millisecond, in UTC: a server's own zone means nothing to its users."""
    moment = datetime.now(UTC)
    second = Decimal(moment.second) + Decimal(moment.microsecond // 1000).scaleb(-3)
    return Temporal(
        "DateTime", (moment.year, moment.month, moment.day, moment.hour, moment.minute, second), 0
    )
