"""Drawing the values that a case is made of, each in every form it has."""

from __future__ import annotations

import random
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from hypothesis import strategies as st

from fhir_vitiligo.case import values
from fhir_vitiligo.case.values import AbsentReason, Code, Fact, Moment, Quantity, Range, Schedule, Span, Term
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.codes import code_index
from fhir_vitiligo.terminology.systems import ICD_10, ICD_10_GM, LOCAL, LOINC, SNOMED_CT

# Texts that some format on the way could take for something else.
AWKWARD_TEXTS = (
    "x", "7", "1.50", "0x1F", "1e5", "-0", "null", "~", "true", "No", "2024-03", "2024-03-05", "12:30", "[1, 2]", '{"value": 1}',
    '["a"]', '"quoted"', "'", "{}", "key: value", "- item", "# comment", "a # b", "&amp; <b>bold</b>", "]]>", "<!--", "a|b", "|a",
    "a\nb", "a\n\n  b\n c", "tab\there", "line\r\nend", "carriage\rreturn", "%", "@x", "`x`", "!tag", "*alias", "&anchor", "? x",
    "5 mL", "cc", "1 mo before t0", "19 a", "10-19 a", "2 per 1 d", "every 2 wk", ">50 %", "cheek", "Vitiligo", "vasi", "VETF",
    "naïve café", "e\u0301", "白癜风", "😀 ok", "\u200bzero\u200b", "right\u202eleft", "no\u00a0break", "sep\u2028arated", "\ufeffbom",
    "nel\u3000wide", "long " * 40 + "end", "n" * 300, "present", "absent", "unknown", "Absent", "rater", "Band of the score", "Trend",
    "Head", "colour", "unstated", "311-313 nm", "7,6",
)  # fmt: skip
# Codes with every fate: known and written, known and never written, unknown, mistyped, ours, without a system.
AWKWARD_CODES = (
    (SNOMED_CT, "156437000"), (SNOMED_CT, "56727008"), (SNOMED_CT, "56727007"), (SNOMED_CT, "404684003"), (SNOMED_CT, "abc"),
    (LOINC, "30525-0"), (LOINC, "30525-1"), (ICD_10, "L80"), (ICD_10, "L80.9"), (ICD_10_GM, "L80"), (ICD_10_GM, "L80!"),
    (LOCAL, "presence.absent"), (LOCAL, "no-such.code"), ("urn:oid:2.16.840.1.113883.6.96", "403268000"), (None, "L80"),
    ("http://registry.test/cs", "A 1"), ("http://registry.test/cs", "a\nb"), ("http://registry.test/cs", "two  spaces"), ("ICD10", "L80"), ("not a uri", "x"), ("http://registry.test/cs|2", "x"),
    ("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "OTH"),
)  # fmt: skip
UNITS = (
    *(unit.key for unit in registry.concepts("unit")),
    "cc",
    "years",
    "fingertip unit",
    "xyz",
    "µg/cm²",
    "5",
    "e3",
    "a\nb",
    ".x",
)
AWKWARD_KEYS = ("t0", "a", "Z9", "1", "007", "1e5", "null", "true", "subject", "record", "source", "bundle", "2024-03", "before", "x" * 64, "a.b-c", "e.-")  # fmt: skip
DATES = (
    "2024",
    "0001",
    "9999-12",
    "2024-02-29",
    "2024-03-05T10:30:00+07:00",
    "1999-12-31T23:59:59.123Z",
    "2024-03-05T00:00:00Z",
)
DAYS = tuple(date for date in DATES if len(date) <= 10)


@cache
def _sampled(options: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(options)


@cache
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


_LETTERS = "abcdefghijklmnopqrstuvwxyzABC"
_EXCLUDED = ("Cs", "Cc", "Cn")
_TEXT = st.text(
    st.characters(exclude_categories=_EXCLUDED, exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=8,
).map(lambda text: text.strip() or "x")
_WORD = st.text(_LETTERS, min_size=1, max_size=6)


class Source(ABC):
    """What a case is drawn from, and the keys that the case's items have."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, ...]] = {}
        self.item = 0
        """The place of the item being drawn in its collection."""
        self.downward = False
        """Whether items refer to later ones of their own collection; else to earlier ones: never in a circle."""

    @abstractmethod
    def pick(self, *options: Any) -> Any:
        """One of the options."""

    @abstractmethod
    def number(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""

    @abstractmethod
    def word(self) -> str:
        """A few letters."""

    @abstractmethod
    def anything(self) -> str:
        """Text of any characters that a text may have, without white space around it."""

    def maybe(self, one_in: int = 2) -> bool:
        return self.number(0, one_in - 1) == one_in - 1

    def subset(self, options: Sequence[str]) -> set[str]:
        """Any of the options."""
        # Six at a time: Hypothesis draws wide integers small as a rule, and would leave the last ones out.
        chosen: set[str] = set()
        for start in range(0, len(options), 6):
            part = options[start : start + 6]
            mask = self.number(0, 2 ** len(part) - 1)
            chosen.update(name for place, name in enumerate(part) if mask >> place & 1)
        return chosen

    def some(self, collection: str) -> list[str]:
        """Keys of a collection, each at most once."""
        return [key for key in self.keys[collection] if self.maybe()]

    def beside(self, collection: str) -> tuple[str, ...]:
        """The keys of the item's own collection that it may refer to."""
        keys = self.keys[collection]
        return keys[self.item + 1 :] if self.downward else keys[: self.item]


class Drawn(Source):
    """Hypothesis's ``draw``: what it finds it makes small."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        super().__init__()
        self._draw = draw

    def pick(self, *options: Any) -> Any:
        return self._draw(_sampled(options))

    def number(self, low: int, high: int) -> int:
        found = self._draw(_integers(low, high))
        assert isinstance(found, int)
        return found

    def word(self) -> str:
        return str(self._draw(_WORD))

    def anything(self) -> str:
        return str(self._draw(_TEXT))


class Seeded(Source):
    """A seed: the same one makes the same case, many times faster than Hypothesis does."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed).random

    def pick(self, *options: Any) -> Any:
        return options[int(self._random() * len(options))]

    def number(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def word(self) -> str:
        return "".join(self.pick(*_LETTERS) for _ in range(self.number(1, 6)))

    def anything(self) -> str:
        return "".join(self._character() for _ in range(self.number(1, 8))).strip() or "x"

    def _character(self) -> str:
        highest = self.pick(0x7E, 0x17F, 0xFFFD, 0x1FFFF)
        while True:
            one = chr(self.number(0x20, highest))
            if unicodedata.category(one) not in _EXCLUDED:
                return one


def text(source: Source) -> str:
    kind = source.number(0, 3)
    if kind < 2:
        return source.word()
    return str(source.pick(*AWKWARD_TEXTS) if kind == 2 else source.anything())


def uri(source: Source) -> str:
    return str(
        source.pick(
            "https://registry.test/x",
            "urn:uuid:6f0d6b6e-5b0d-4a53-8f5c-0b0b6b0f7a11",
            "urn:oid:1.2.3",
            "http://a/b?c=d&e=<f>",
        )
    )


def key(source: Source) -> str:
    """A key that may be taken already: :func:`keys` tells them apart."""
    return str(source.pick(*AWKWARD_KEYS)) if source.maybe() else source.word()


def number(source: Source, low: int = -(10**6), *, positive: bool = False) -> Decimal:
    """An exact decimal: whole, with trailing zeros, or with an exponent."""
    kind = source.number(0, 5)
    whole = source.number(1 if positive else max(low, -50), 50)
    if kind < 3:
        return Decimal(whole)
    if kind == 3:
        return Decimal(f"{whole}.{source.pick('0', '00', '5', '50', '010', '125')}")
    if kind == 4:
        return Decimal(
            source.pick("1E+5", "1.50E+2", "0.000001", "1E-10", "12345678901234567", "0.12345678901234567")
        )
    return Decimal(whole) / Decimal(source.pick(1, 10, 100, 1000))


def plain_number(source: Source) -> Decimal:
    """A number of zero or more that prints without an exponent."""
    whole, rest = source.number(0, 60), source.pick("", "", ".0", ".5", ".250")
    return Decimal(f"{whole}{rest}")


def quantity(source: Source) -> Quantity:
    unit = source.pick(*UNITS) if source.number(0, 3) else None
    comparator = source.pick("<", "<=", ">=", ">") if source.maybe(6) else None
    return Quantity(value=number(source), comparator=comparator, unit=unit)


def time_amount(source: Source, *, positive: bool = True) -> Quantity:
    value = number(source, low=0, positive=positive)
    comparator = source.pick("<", ">") if source.maybe(8) else None
    return Quantity(value=abs(value), comparator=comparator, unit=source.pick(*values.TIME_UNITS))


def time_range(source: Source) -> Range:
    low = plain_number(source)
    return Range(low=low, high=low + plain_number(source), unit=source.pick(*values.TIME_UNITS))


def moment(source: Source, anchors: tuple[str, ...] | None = None) -> Moment:
    """A moment of any kind; an offset counts from one of ``anchors``, by default any time point."""
    anchors = source.keys["timepoints"] if anchors is None else anchors
    match source.pick("date", "age", "age_range", "text", *(("offset",) if anchors else ())):
        case "date":
            return Moment(date=source.pick(*DATES))
        case "offset":
            offset = time_range(source) if source.maybe(3) else time_amount(source, positive=False)
            return Moment(offset=offset, relation=source.pick("before", "after"), of=source.pick(*anchors))
        case "age":
            return Moment(age=time_amount(source))
        case "age_range":
            return Moment(age_range=time_range(source))
        case _:
            return Moment(text=text(source))


def schedule(source: Source) -> Schedule:
    content: dict[str, Any] = {}
    said = source.number(1, 15)
    if said & 1:
        content |= {"period": number(source, positive=True), "period_unit": source.pick(*values.TIME_UNITS)}
        if source.maybe(3):
            content["period_max"] = content["period"] + source.number(0, 5)
        if source.number(0, 3):
            content["frequency"] = source.pick(1, 2, 3, 2**31 - 1)
            if source.maybe(3):
                content["frequency_max"] = min(content["frequency"] + source.number(0, 5), 2**31 - 1)
    if said & 2:
        content["duration"] = time_amount(source).model_copy(update={"comparator": None})
    if said & 4:
        content["count"] = source.pick(1, 24, 1_000_000, 2**31 - 1)
    if said & 8:
        content["text"] = text(source)
    return Schedule(**content)


def span(source: Source) -> Span:
    start = source.pick(0, 1, 5, 2**31 - 2)
    return Span(start=start, end=source.number(start + 1, min(start + 9, 2**31 - 1)))


@cache
def _codes() -> tuple[tuple[str | None, str], ...]:
    return (*AWKWARD_CODES, *code_index())


def code(source: Source) -> Code:
    system, value = (
        source.pick(*_codes())
        if source.number(0, 3)
        else (uri(source) if source.maybe() else None, text(source))
    )
    display = text(source) if source.maybe() else None
    return Code(system=system, code=value, display=display, version=text(source) if source.maybe(6) else None)


@cache
def _words(category: str) -> tuple[str, ...]:
    return tuple(
        word for one in registry.concepts(category) for word in (one.key, one.display, *one.synonyms)
    )


@cache
def _category_codes(category: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (coding.system, coding.code)
        for one in registry.concepts(category)
        for coding in (*one.codings, *(also for also, _ in one.also))
    )


def term(source: Source, kind: type[Term]) -> Term:
    """A term by concept, by words the registry knows or does not, by codes; and any mixture."""
    content: dict[str, Any] = {}
    said = source.number(1, 7)
    if said & 1 and kind.category:
        content["concept"] = source.pick(*(one.key for one in registry.concepts(kind.category)))
    if said & 2 or not kind.category:
        content["text"] = (
            source.pick(*_words(kind.category)) if kind.category and source.maybe(3) else text(source)
        )
    if said & 4:
        codes = [code(source) for _ in range(source.number(1, 2))]
        if kind.category and source.maybe():
            system, value = source.pick(*_category_codes(kind.category))
            codes.append(Code(system=system, code=value, display=text(source) if source.maybe() else None))
        content["codes"] = tuple(codes)
    if not content:
        content["text"] = text(source)
    return kind(**content)


def fact(source: Source, kind: type[Fact[Any]], make: Callable[[], Any]) -> Fact[Any]:
    """A fact in any of its forms."""
    form = source.number(0, 9)
    content: dict[str, Any] = {}
    if form < 5:
        return kind(value=make())
    if form < 8:
        content |= {
            "status": "stated" if form == 5 else "derived" if form == 6 else source.pick("stated", "derived"),
            "value": make(),
        }
        said = source.number(0, 7)
    elif form == 8:
        content |= {"status": "ambiguous", "raw": text(source)}
        said = source.number(0, 3) << 1
        for _ in range(source.number(0, 2)):
            one = {"value": make(), "method": text(source) if source.maybe() else None}
            content["candidates"] = (*content.get("candidates", ()), one)
    else:
        content |= {"status": "absent", "reason": source.pick(*get_args(AbsentReason))}
        said = source.number(0, 7)
    if said & 1:
        content["raw"] = text(source)
    if said & 2:
        content["method"] = text(source)
    if said & 4:
        content["span"] = span(source)
    return kind(**content)
