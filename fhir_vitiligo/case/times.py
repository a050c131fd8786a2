"""When and how often: dates as precise as known, moments relative to a time point, schedules."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from fhir_vitiligo.case.base import Key, Model, Text, short
from fhir_vitiligo.case.quantities import QUANTITY, RANGE, Exact, Quantity, Range
from fhir_vitiligo.terminology import ucum

PARTIAL_DATE = re.compile(
    r"^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d))?)?)?\Z"
)


DATE_LIKE = re.compile(
    r"^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})|(?:19|20)\d{6}|\d{1,2}[./]\d{4})"
    r"(?:[ T,].*)?\Z"
    r"|^\d{4}(?:-\d\d){0,2}\s*(?:[-/\u2013]|to)\s*\d{4}(?:-\d\d){0,2}\Z"
)
"""What people take for a date, and what may be read in two ways: 05.01.2024, 1/5/24, 20240105, 2024-01-05 10:30, 12/2020;
and two dates: 2010-2012, 2023-05-10/2023-05-12.
"""


def partial_date(value: Any) -> str:
    """``2024``, ``2024-03``, ``2024-03-05`` or ``2024-03-05T10:30:00+07:00``: as precise as is known, and no
    more.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not PARTIAL_DATE.match(text) or text.startswith("0000"):
        raise ValueError(
            f"{short(value)} is not a date: write 2024, 2024-03, 2024-03-05 or 2024-03-05T10:30:00+07:00, as "
            "precise as is known"
        )
    if len(text) >= 10:
        import datetime

        try:
            datetime.date.fromisoformat(text[:10])
        except ValueError:
            raise ValueError(f"{text!r} is not a day of the calendar") from None
    return text


PartialDate = Annotated[str, BeforeValidator(partial_date)]


def _day(value: str) -> str:
    if len(value) > 10:
        raise ValueError(f"{value!r} has a time: a date of birth or publication is a year, a month or a day")
    return value


Day = Annotated[str, BeforeValidator(partial_date), AfterValidator(_day)]

RELATIVE = re.compile(
    r"^(?P<offset>.+?)\s+(?P<relation>before|prior to|after)\s+(?P<of>[A-Za-z0-9][A-Za-z0-9.\-]{0,63})\Z"
)


TIME_UNITS = ("a", "mo", "wk", "d", "h", "min")


def _age_in(text: str) -> Quantity | Range | None:
    """The age that a text is the plain form of."""
    try:
        if RANGE.match(text):
            span = Range.model_validate(text)
            return span if _is_age(span.unit) else None
        if QUANTITY.match(text):
            amount = Quantity.model_validate(text)
            return amount if _is_age(amount.unit) and amount.value > 0 else None
    except ValueError:
        pass
    return None


def _is_age(unit: str | None) -> bool:
    return unit in TIME_UNITS


class Moment(Model):
    """When: exactly one of ``date``, ``offset`` (with ``relation`` and ``of``, a time point), ``age``,
    ``age_range``, ``text``.

    Plain forms: ``2024-03``, ``1 mo before t0``, ``19 a``, ``10-19 a``; anything else is kept as text.
    """

    date: PartialDate | None = None
    offset: Quantity | Range | None = None
    relation: Literal["before", "after"] | None = None
    of: Key | None = None
    age: Quantity | None = None
    age_range: Range | None = None
    text: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, int) and not isinstance(data, bool):
            data = str(data)
        if not isinstance(data, str):
            return data
        text = data.strip()
        if PARTIAL_DATE.match(text):
            return {"date": text}
        if DATE_LIKE.match(text):
            return {"text": text}
        if found := RELATIVE.match(text):
            offset, relation = found["offset"], found["relation"].replace("prior to", "before")
            if RANGE.match(offset):
                return {
                    "offset": Range.model_validate(offset),
                    "relation": relation,
                    "of": found["of"],
                }
            if QUANTITY.match(offset):
                return {
                    "offset": Quantity.model_validate(offset),
                    "relation": relation,
                    "of": found["of"],
                }
        if RANGE.match(text) and _is_age(Range.model_validate(text).unit):
            return {"age_range": text}
        if QUANTITY.match(text) and _is_age(Quantity.model_validate(text).unit):
            return {"age": text}
        return {"text": text}

    @model_validator(mode="after")
    def _one(self) -> Moment:
        if self.text is not None and (age := _age_in(self.text)) is not None:
            # One meaning has one form: an age in words is an age, wherever it was written.
            object.__setattr__(self, "text", None)
            object.__setattr__(self, "age" if isinstance(age, Quantity) else "age_range", age)
        kinds = [self.date, self.offset, self.age, self.age_range, self.text]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("a moment is exactly one of date, offset, age, age_range or text")
        if (self.offset is None) != (self.relation is None) or (self.offset is None) != (self.of is None):
            raise ValueError(
                "an offset needs a relation (before or after) and of, the key of a time point; nothing else "
                "takes them"
            )
        if self.offset is not None:
            unit = self.offset.unit
            if unit not in TIME_UNITS or (isinstance(self.offset, Quantity) and self.offset.value < 0):
                raise ValueError(
                    "an offset is an amount of time of zero or more in one of "
                    f"{', '.join(TIME_UNITS)}, found {self.offset}"
                )
        for age in (self.age, self.age_range):
            low = age.value if isinstance(age, Quantity) else age.low if age else 1
            if age is not None and (
                not _is_age(age.unit) or low < 0 or (isinstance(age, Quantity) and low == 0)
            ):
                raise ValueError(
                    f"an age is a positive amount of time in one of {', '.join(TIME_UNITS)}, found {age}"
                )
        return self

    @model_serializer(mode="wrap")
    def _as_plain(self, handler: SerializerFunctionWrapHandler) -> Any:
        plain = str(self)
        try:
            if Moment.model_validate(plain) == self:
                return plain
        except ValueError:
            pass
        return {key: value for key, value in handler(self).items() if value is not None}

    def __str__(self) -> str:
        if self.offset is not None:
            return f"{self.offset} {self.relation} {self.of}"
        return str(self.date or self.age or self.age_range or self.text)


def is_before(one: Moment, other: Moment) -> bool:
    """Whether a date is certainly before another: as far as both state it, time zones counted."""
    if one.date is None or other.date is None:
        return False
    timed = (len(one.date) > 10) + (len(other.date) > 10)
    if timed == 2:
        import datetime

        first, second = (datetime.datetime.fromisoformat(date) for date in (one.date, other.date))
        return first < second
    # A day and a time elsewhere may be a day apart and mean the same.
    known = min(len(one.date), len(other.date), 7 if timed else 10)
    return one.date[:known] < other.date[:known]


SCHEDULE = re.compile(
    r"^(?:(?P<every>every)|(?P<frequency>\d{1,6})(?:-(?P<frequency_max>\d{1,6}))? per)\s+"
    r"(?P<period>\d+(?:\.\d+)?)(?:-(?P<period_max>\d+(?:\.\d+)?))?\s+(?P<period_unit>[a-z]+)"
    r"(?:\s+for\s+(?P<duration>\d+(?:\.\d+)?\s+[a-z]+))?(?:,\s*(?P<count>\d{1,6}) times)?\Z"
)


class Schedule(Model):
    """How often and for how long: ``frequency`` times per ``period``, for ``duration``, ``count`` times in
    all.

    Plain forms: ``2 per 1 d``, ``2-3 per 1 wk``, ``1 per 2 wk for 9 mo`` (or ``every 2 wk for 9 mo``), ``1
    per 1 wk, 24 times``.
    ``count`` is only what the source states: it is never computed from the others.
    """

    frequency: int | None = None
    frequency_max: int | None = None
    period: Exact | None = None
    period_max: Exact | None = None
    period_unit: Text | None = None
    duration: Quantity | None = None
    count: int | None = None
    text: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            found = SCHEDULE.match(data.strip())
            if not found:
                return {"text": data}
            data = {key: value for key, value in found.groupdict().items() if value is not None}
            if data.pop("every", None):
                data["frequency"] = 1
        if isinstance(data, dict) and isinstance(data.get("period_unit"), str):
            data = {**data, "period_unit": ucum.unit(data["period_unit"]) or data["period_unit"]}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Schedule:
        if self.period_unit is not None and self.period_unit not in TIME_UNITS:
            raise ValueError(
                f"a period is counted in one of {', '.join(TIME_UNITS)}, found {self.period_unit!r}"
            )
        if (self.period is None) != (self.period_unit is None):
            raise ValueError("a period needs its unit, and a unit its period")
        if self.frequency is not None and self.period is None:
            raise ValueError("a frequency needs the period it counts in: 2 per 1 d")
        for low, high, name in (
            (self.frequency, self.frequency_max, "frequency"),
            (self.period, self.period_max, "period"),
        ):
            if high is not None and (low is None or high < low):
                raise ValueError(f"{name}_max needs a {name} that is not above it")
        for number in (self.frequency, self.count):
            if number is not None and not 0 < number < 2**31:
                raise ValueError(f"{number} is no number of times: write a positive whole number")
        if self.period is not None and self.period <= 0:
            raise ValueError("a period is longer than nothing")
        if self.duration is not None and (
            self.duration.unit not in TIME_UNITS or self.duration.value <= 0 or self.duration.comparator
        ):
            raise ValueError(
                f"a duration is a positive amount of time in one of {', '.join(TIME_UNITS)}, "
                f"found {self.duration}"
            )
        if self == Schedule.model_construct():
            raise ValueError("a schedule says at least one thing")
        return self

    @model_serializer(mode="wrap")
    def _as_plain(self, handler: SerializerFunctionWrapHandler) -> Any:
        plain = str(self)
        try:
            if Schedule.model_validate(plain) == self:
                return plain
        except ValueError:
            pass
        return {key: value for key, value in handler(self).items() if value is not None}

    def __str__(self) -> str:
        said = []
        if self.frequency is not None:
            said.append(f"{self.frequency}{'-' + str(self.frequency_max) if self.frequency_max else ''} per")
        if self.period is not None:
            said.append(
                f"{self.period}{'-' + str(self.period_max) if self.period_max else ''} {self.period_unit}"
            )
        if self.duration is not None:
            said.append(f"for {self.duration}")
        text = " ".join(said)
        if self.count is not None:
            text += f"{', ' if text else ''}{self.count} times"
        if self.text is not None:
            text += f"{'; ' if text else ''}{self.text}"
        return text
