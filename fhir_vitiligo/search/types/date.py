"""Date: every date is the range its precision leaves open (https://hl7.org/fhir/R4/search.html#date).

Microseconds since 1970-01-01 UTC; a time without a zone is taken as UTC. A period that is open at an end
reaches to the end of time on that side.
"""

from __future__ import annotations

import re
import time
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fhir_vitiligo.search.types.base import Alternative, Column, Context, Row, SearchType, bad_value
from fhir_vitiligo.search.types.prefixes import overlap, split_prefix, tests

BEGINNING = -(2**62)
END = 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)


def date_range(text: str) -> tuple[int, int] | None:
    """First and last microsecond of a date, dateTime or instant of any precision; None for what is none of
    them.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    hour, minute, second = int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0)
    try:
        # second 60 is a leap second: the last of its minute
        start = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        low = (start - _EPOCH) // timedelta(microseconds=1)
    except ValueError:
        return None
    if match["month"] is None:
        length = (366 if monthrange(year, 2)[1] == 29 else 365) * 86_400 * _SECOND
    elif match["day"] is None:
        length = monthrange(year, month)[1] * 86_400 * _SECOND
    elif match["hour"] is None:
        length = 86_400 * _SECOND
    elif match["second"] is None:
        length = 60 * _SECOND
    elif match["fraction"] is None:
        length = _SECOND
    else:
        digits = match["fraction"][:6]
        length = 10 ** (6 - len(digits))
        low += int(digits) * length
    low -= _offset(match["zone"])
    return low, low + length - 1


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    microseconds = (int(zone[1:3]) * 60 + int(zone[4:6])) * 60 * _SECOND
    return -microseconds if zone[0] == "-" else microseconds


def _rows(value: Any) -> Iterator[Row]:
    """Of date, dateTime, instant and Period; of Timing by its events and the bounds of its repetition."""
    yield from _limits(value)
    if not isinstance(value, dict):
        return
    repeat = value.get("repeat")
    events = value.get("event")
    inner = list(events) if isinstance(events, list) else []
    if isinstance(repeat, dict) and isinstance(repeat.get("boundsPeriod"), dict):
        inner.append(repeat["boundsPeriod"])
    limits = [limit for event in inner for limit in _limits(event)]
    if limits:
        # Of a schedule only the outer limits matter: every second day in May includes the second of May.
        yield min(low for low, _ in limits), max(high for _, high in limits)


def _limits(value: Any) -> Iterator[tuple[int, int]]:
    if isinstance(value, str):
        found = date_range(value)
        if found is not None:
            yield found
    elif isinstance(value, dict) and ("start" in value or "end" in value):
        start, end = value.get("start"), value.get("end")
        low = date_range(start) if isinstance(start, str) else None
        high = date_range(end) if isinstance(end, str) else None
        if low is not None or high is not None:
            yield (BEGINNING if low is None else low[0], END if high is None else high[1])


def _parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
    prefix, written = split_prefix(text)
    # In a query string a plus sign that was not escaped arrives as a space.
    found = date_range(written.replace(" ", "+"))
    if found is None:
        raise bad_value(
            text,
            "a date is YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.fff]][zone], "
            "after one of eq, ne, gt, lt, ge, le, sa, eb, ap or nothing",
        )
    low, high = found
    if prefix == "ap":
        margin = abs(time.time_ns() // 1000 - low) // 10
        return overlap(low - margin, high + margin)
    return tests(prefix, low, high)


DATE = SearchType("date", (Column("low", "integer"), Column("high", "integer")), _rows, _parse)
