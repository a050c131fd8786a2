"""The values a case is made of: facts, quantities, terms, moments, schedules.

Every one has a plain form for the case file (``19 a``, ``cheek``, ``1 mo before t0``, ``1 per 2 wk for 9 mo``) and a long
form for what the plain one cannot say. Reading the plain form and writing it again are inverse.

A :class:`Fact` is a value with what was written (``raw``), how it was read (``status``) and where (``span``).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from fhir_vitiligo.terminology import registry, ucum

Status = Literal["stated", "derived", "ambiguous", "absent"]
AbsentReason = Literal[
    "unknown", "asked-unknown", "temp-unknown", "not-asked", "asked-declined", "masked", "not-applicable",
    "unsupported", "as-text", "error", "not-a-number", "negative-infinity", "positive-infinity", "not-performed",
    "not-permitted",
]  # fmt: skip
"""Why there is no value, in the words of FHIR's data-absent-reason code system."""

_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ufffe\\uffff\\ud800-\\udfff]")


def _printable(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)  # a file writes `volume: 7` and means the text
    if isinstance(value, str) and (found := _CONTROL.search(value)):
        raise ValueError(f"the text holds the control character U+{ord(found[0]):04X} at position {found.start()}")
    return value


# Leading or trailing white space cannot survive every format a fact travels through, so it is no part of a text.
Text = Annotated[
    str, BeforeValidator(_printable), StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)
]
Key = Annotated[
    str, BeforeValidator(_printable), StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.\-]{0,63}$", max_length=64)
]
"""The stable name of an item within a case: letters, digits, dot and hyphen, 64 at most."""

MAX_DIGITS = 30  # beyond any measurement; keeps a hostile 1e999999999 from becoming a gigabyte of zeros
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?"
_QUANTITY = re.compile(rf"^(?P<comparator><=|>=|<|>)?\s*(?P<value>{_NUMBER})\s*(?P<unit>\S.*)?\Z")
_RANGE = re.compile(r"^(?P<low>\d+(?:\.\d+)?)\s*-\s*(?P<high>\d+(?:\.\d+)?)\s*(?P<unit>\S.*)\Z")


class Model(BaseModel):
    """Frozen; unknown keys are faults; what is unset or empty is not written."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: SerializerFunctionWrapHandler) -> Any:
        return {key: value for key, value in handler(self).items() if value is not None and value not in ((), [], {})}


def exact(value: Any) -> Decimal:
    """A finite decimal as written; a binary float is taken by its shortest decimal form."""
    if isinstance(value, bool):
        raise ValueError("expected a number, found true or false")
    if isinstance(value, float):
        value = repr(value)
    try:
        number = Decimal(value) if not isinstance(value, Decimal) else value
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError(f"{_short(value)} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{_short(value)} is not a finite number")
    if abs(number.adjusted()) > MAX_DIGITS or len(number.as_tuple().digits) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits is not a measurement")
    return number


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


Exact = Annotated[Decimal, BeforeValidator(exact)]


class Quantity(Model):
    """A measured amount: exact ``value``, optional ``comparator``, ``unit`` as UCUM code or, where UCUM has none, as text.

    Plain forms: ``5.6`` (no unit), ``0.3 mL``, ``>50 %``. Unit words the registry knows (``cc``, ``years``) become UCUM.
    """

    value: Exact
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    unit: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            found = _QUANTITY.match(data.strip())
            if not found:
                raise ValueError(
                    f"{_short(data)} is not a number with an optional unit, such as 5.6 or 0.3 mL; to keep what the source "
                    "says without reading it, write {raw: ..., status: ambiguous}"
                )
            data = found.groupdict()
        elif not isinstance(data, dict | Quantity):
            data = {"value": data}
        if isinstance(data, dict) and isinstance(data.get("unit"), str):
            data = {**data, "unit": ucum.unit(data["unit"]) or data["unit"]}
        return data

    @model_serializer(mode="plain")
    def _as_plain(self) -> Any:
        return self.value if self.comparator is None and self.unit is None else str(self)

    def __str__(self) -> str:
        return f"{self.comparator or ''}{self.value}{' ' + self.unit if self.unit else ''}"


class Code(Model):
    """A code as the source stated it. Plain form: ``system|code`` or ``system|code|display``."""

    system: Text | None = None
    code: Text
    display: Text | None = None
    version: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            system, bar, rest = data.partition("|")
            if not bar:
                raise ValueError(f"{_short(data)} names no system: write system|code or system|code|display")
            code, _, display = rest.partition("|")
            return {"system": system or None, "code": code, "display": display or None}
        return data


class Identifier(Model):
    """A business identifier of a record in some system. Plain form: ``system|value``."""

    system: Text | None = None
    value: Text

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            system, bar, value = data.rpartition("|")
            return {"system": system if bar and system else None, "value": value}
        return data


class Term(Model):
    """What something is called: a ``concept`` of the registry, a ``text`` as written, and any ``codes`` the source stated.

    Plain form: a concept's key or synonym (``cheek``), else free text. A synonym keeps its wording as ``text``.
    """

    category: ClassVar[str] = ""

    concept: Text | None = None
    text: Text | None = None
    codes: tuple[Code, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"text": data}
        return data

    @model_validator(mode="after")
    def _normal(self) -> Term:
        # One meaning has one form, whoever wrote it: the file, the API or another system's codes.
        category, concept, text, codes = self.category, self.concept, self.text, self.codes
        if category:
            found = _concept(category, concept, text, codes)
            concept = found.key if found else None
            if found is not None:
                text = None if text in (found.display, found.key) else text
                own = {(c.system, c.code) for c in found.codings}
                codes = tuple(c for c in codes if (c.system, c.code) not in own)
        codes = tuple(sorted(dict.fromkeys(codes), key=lambda c: not assertable(c)))
        if concept is None and text is None and not codes:
            raise ValueError("a term needs a concept, a text or a code")
        object.__setattr__(self, "concept", concept)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "codes", codes)
        return self

    @model_serializer(mode="wrap")
    def _as_plain(self, handler: SerializerFunctionWrapHandler) -> Any:
        if not self.codes:
            if self.text is None:
                return self.concept
            plain = type(self)(text=self.text)
            if plain == self:
                return self.text
        return {key: value for key, value in handler(self).items() if value is not None and value != () and value != []}

    @property
    def display(self) -> str:
        """What people read: the text as written, else the concept's display, else the first code."""
        if self.text is not None:
            return self.text
        if self.concept is not None:
            return registry.concept(self.category, self.concept).display
        return self.codes[0].display or self.codes[0].code

    def __str__(self) -> str:
        return self.display


def _concept(category: str, key: str | None, text: str | None, codes: tuple[Code, ...]) -> registry.Concept | None:
    """The concept that key, codes or text mean: the most specific of the codes, and the first where they contradict."""
    pairs = [(c.system, c.code) for c in codes]
    if key is not None:
        pairs = [(c.system, c.code) for c in registry.concept(category, key).codings] + pairs
    found = registry.recognise_codings(category, pairs)
    found = found or next((c for system, code in pairs if (c := registry.recognise(category, system, code))), None)
    return found or (registry.recognise_text(category, text) if text else None)


def assertable(code: Code) -> bool:
    """Whether a code that a source stated may be passed on as a code: nothing known speaks against it."""
    return code.system is not None and registry.refusal(code.system, code.code) is None


_PARTIAL_DATE = re.compile(
    r"^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d))?)?)?\Z"
)


def partial_date(value: Any) -> str:
    """``2024``, ``2024-03``, ``2024-03-05`` or ``2024-03-05T10:30:00+07:00``: as precise as is known, and no more."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _PARTIAL_DATE.match(text) or text.startswith("0000"):
        raise ValueError(
            f"{_short(value)} is not a date: write 2024, 2024-03, 2024-03-05 or 2024-03-05T10:30:00+07:00, as precise as is known"
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

_RELATIVE = re.compile(r"^(?P<offset>.+?)\s+(?P<relation>before|after)\s+(?P<of>[A-Za-z0-9][A-Za-z0-9.\-]{0,63})\Z")


class Range(Model):
    """From ``low`` to ``high`` in one ``unit``. Plain form: ``10-19 a``."""

    low: Exact
    high: Exact
    unit: Text

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, str):
            found = _RANGE.match(data.strip())
            if not found:
                raise ValueError(f"{_short(data)} is not a range such as 10-19 a")
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


class Moment(Model):
    """When: exactly one of ``date``, ``offset`` (with ``relation`` and ``of``, a time point), ``age``, ``age_range``, ``text``.

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
        if _PARTIAL_DATE.match(text):
            return {"date": text}
        if found := _RELATIVE.match(text):
            offset = found["offset"]
            if _RANGE.match(offset):
                return {"offset": Range.model_validate(offset), "relation": found["relation"], "of": found["of"]}
            if _QUANTITY.match(offset):
                return {"offset": Quantity.model_validate(offset), "relation": found["relation"], "of": found["of"]}
        if _RANGE.match(text) and _is_age(Range.model_validate(text).unit):
            return {"age_range": text}
        if _QUANTITY.match(text) and _is_age(Quantity.model_validate(text).unit):
            return {"age": text}
        return {"text": text}

    @model_validator(mode="after")
    def _one(self) -> Moment:
        kinds = [self.date, self.offset, self.age, self.age_range, self.text]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("a moment is exactly one of date, offset, age, age_range or text")
        if (self.offset is None) != (self.relation is None) or (self.offset is None) != (self.of is None):
            raise ValueError("an offset needs a relation (before or after) and of, the key of a time point; nothing else takes them")
        if self.offset is not None:
            unit = self.offset.unit
            if unit not in TIME_UNITS or (isinstance(self.offset, Quantity) and self.offset.value < 0):
                raise ValueError(f"an offset is an amount of time of zero or more in one of {', '.join(TIME_UNITS)}, found {self.offset}")
        for age in (self.age, self.age_range):
            low = age.value if isinstance(age, Quantity) else age.low if age else 1
            if age is not None and (not _is_age(age.unit) or low < 0 or (isinstance(age, Quantity) and low == 0)):
                raise ValueError(f"an age is a positive amount of time in one of {', '.join(TIME_UNITS)}, found {age}")
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


TIME_UNITS = ("a", "mo", "wk", "d", "h", "min")


def _is_age(unit: str | None) -> bool:
    return unit in TIME_UNITS


_SCHEDULE = re.compile(
    r"^(?:(?P<every>every)|(?P<frequency>\d{1,6})(?:-(?P<frequency_max>\d{1,6}))? per)\s+"
    r"(?P<period>\d+(?:\.\d+)?)(?:-(?P<period_max>\d+(?:\.\d+)?))?\s+(?P<period_unit>[a-z]+)"
    r"(?:\s+for\s+(?P<duration>\d+(?:\.\d+)?\s+[a-z]+))?(?:,\s*(?P<count>\d{1,6}) times)?\Z"
)


class Schedule(Model):
    """How often and for how long: ``frequency`` times per ``period``, for ``duration``, ``count`` times in all.

    Plain forms: ``2 per 1 d``, ``2-3 per 1 wk``, ``1 per 2 wk for 9 mo`` (or ``every 2 wk for 9 mo``), ``1 per 1 wk, 24 times``.
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
            found = _SCHEDULE.match(data.strip())
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
            raise ValueError(f"a period is counted in one of {', '.join(TIME_UNITS)}, found {self.period_unit!r}")
        if (self.period is None) != (self.period_unit is None):
            raise ValueError("a period needs its unit, and a unit its period")
        if self.frequency is not None and self.period is None:
            raise ValueError("a frequency needs the period it counts in: 2 per 1 d")
        for low, high, name in ((self.frequency, self.frequency_max, "frequency"), (self.period, self.period_max, "period")):
            if high is not None and (low is None or high < low):
                raise ValueError(f"{name}_max needs a {name} that is not above it")
        for number in (self.frequency, self.count):
            if number is not None and not 0 < number < 2**31:
                raise ValueError(f"{number} is no number of times: write a positive whole number")
        if self.period is not None and self.period <= 0:
            raise ValueError("a period is longer than nothing")
        if self.duration is not None and (self.duration.unit not in TIME_UNITS or self.duration.value <= 0 or self.duration.comparator):
            raise ValueError(f"a duration is a positive amount of time in one of {', '.join(TIME_UNITS)}, found {self.duration}")
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
            said.append(f"{self.period}{'-' + str(self.period_max) if self.period_max else ''} {self.period_unit}")
        if self.duration is not None:
            said.append(f"for {self.duration}")
        text = " ".join(said)
        if self.count is not None:
            text += f"{', ' if text else ''}{self.count} times"
        if self.text is not None:
            text += f"{'; ' if text else ''}{self.text}"
        return text


class Span(Model):
    """Where in the source's text: characters ``start`` to ``end`` (exclusive, from 0). Plain form: ``[start, end]``."""

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
            raise ValueError(f"a span starts at 0 or later and ends after its start, found {self.start} to {self.end}")
        return self

    @model_serializer(mode="plain")
    def _as_plain(self) -> list[int]:
        return [self.start, self.end]


T = TypeVar("T")


class Candidate(Model, Generic[T]):
    """A reading that the written form allows, with the ``method`` that yields it. Never used unless the caller accepts it."""

    value: T
    method: Text | None = None


class Fact(Model, Generic[T]):
    """A value with how it came to be known.

    ``stated`` (default) and ``derived`` have a ``value``; ``ambiguous`` has ``raw`` and maybe ``candidates``, and no value;
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
        if isinstance(data, str) and cls._value_type() is Quantity:
            value = Quantity.model_validate(data)
            canonical = str(value)
            # A unit word (cc, years) was read as UCUM: what was written stays beside it.
            return {"value": value} if canonical.replace(" ", "") == data.replace(" ", "") else {"value": value, "raw": data}
        return {"value": data}

    @classmethod
    def _value_type(cls) -> Any:
        arguments = cls.__pydantic_generic_metadata__["args"]
        return arguments[0] if arguments else None

    @model_validator(mode="after")
    def _consistent(self) -> Fact[T]:
        if self.status in ("stated", "derived"):
            if self.value is None:
                raise ValueError(f"a {self.status} fact needs a value; a value that is not there is {{status: absent, reason: ...}}")
        elif self.value is not None:
            raise ValueError(f"an {self.status} fact has no value; a reading of what is written goes into candidates")
        if self.status == "ambiguous" and self.raw is None:
            raise ValueError("an ambiguous fact needs raw: what was written")
        if (self.status == "absent") != (self.reason is not None):
            raise ValueError("an absent fact, and only an absent one, has a reason")
        if self.candidates and self.status != "ambiguous":
            raise ValueError("only an ambiguous fact has candidates")
        return self

    @model_serializer(mode="wrap")
    def _as_plain(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
        written = {key: value for key, value in handler(self).items() if value is not None and value not in ((), [])}
        if written.get("status") == "stated":
            del written["status"]
        if written.keys() == {"value"}:
            plain = written["value"]
            # A value whose own long form looks like a fact's would be read back as one.
            return plain if not (isinstance(plain, dict) and plain.keys() <= FACT_KEYS) else written
        if written.keys() == {"value", "raw"} and self._value_type() is Quantity and self._reads_back():
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
        return (
            self.status == "stated" and self.raw is None and self.method is None and self.span is None
        )

    def __str__(self) -> str:
        if self.value is not None:
            return str(self.value) if not isinstance(self.value, bool) else ("yes" if self.value else "no")
        if self.status == "ambiguous":
            return f"{self.raw} (ambiguous)"
        return f"not known ({self.reason})"


FACT_KEYS = frozenset(Fact.model_fields)
