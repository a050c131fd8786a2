"""Hypothesis strategies for whole cases, derived from the case model itself.

Every field of every model is drawn by the type it is annotated with (:data:`VALUES`), references by the table that
the case's own check reads. A new field of a known type is generated without a line here; one of an unknown type is
an error that names it. Rules between fields are kept by construction (:data:`RULES`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import BaseModel

from fhir_vitiligo.case import instruments, model, values
from fhir_vitiligo.case.consistency import COLLECTIONS, REFERENCES
from fhir_vitiligo.case.instruments import INSTRUMENTS, Bounds
from fhir_vitiligo.case.values import AbsentReason, Code, Fact, Moment, Quantity, Range, Schedule, Span, Term
from fhir_vitiligo.terminology import registry, ucum
from fhir_vitiligo.terminology.codes import code_index
from fhir_vitiligo.terminology.systems import ICD_10, ICD_10_GM, LOCAL, LOINC, SNOMED_CT

V = TypeVar("V")

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
    ("http://example.org/cs", "A 1"), ("http://example.org/cs", "a\nb"), ("http://example.org/cs", "two  spaces"), ("ICD10", "L80"), ("not a uri", "x"), ("http://example.org/cs|2", "x"),
    ("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "OTH"),
)  # fmt: skip
UNITS = (*(unit.key for unit in registry.concepts("unit")), "cc", "years", "fingertip unit", "xyz", "µg/cm²", "5", "e3", "a\nb", ".x")
AWKWARD_KEYS = ("t0", "a", "Z9", "1", "007", "1e5", "null", "true", "subject", "record", "source", "bundle", "2024-03", "before", "x" * 64, "a.b-c", "e.-")  # fmt: skip
DATES = ("2024", "0001", "9999-12", "2024-02-29", "2024-03-05T10:30:00+07:00", "1999-12-31T23:59:59.123Z", "2024-03-05T00:00:00Z")
DAYS = tuple(date for date in DATES if len(date) <= 10)


@cache
def _sampled(options: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    return st.sampled_from(options)


@cache
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


_TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=8
).map(lambda text: text.strip() or "x")
_WORD = st.text("abcdefghijklmnopqrstuvwxyzABC", min_size=1, max_size=6)


@dataclass(slots=True)
class Source:
    """What a case is drawn from: Hypothesis's ``draw``, and the keys that the case's items have."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    item: int = 0
    """The place of the item being drawn in its collection."""
    downward: bool = False
    """Whether items refer to later ones of their own collection; else to earlier ones: never in a circle."""

    def pick(self, *options: Any) -> Any:
        return self.draw(_sampled(options))

    def number(self, low: int, high: int) -> int:
        found = self.draw(_integers(low, high))
        assert isinstance(found, int)
        return found

    def maybe(self, one_in: int = 2) -> bool:
        return self.number(0, one_in - 1) == one_in - 1

    def subset(self, options: Sequence[str]) -> set[str]:
        """Any of the options."""
        # Six at a time: Hypothesis draws wide integers small as a rule, and would leave the last ones out.
        chosen = set()
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


def text(source: Source) -> str:
    kind = source.number(0, 3)
    if kind < 2:
        return str(source.draw(_WORD))
    return str(source.pick(*AWKWARD_TEXTS) if kind == 2 else source.draw(_TEXT))


def uri(source: Source) -> str:
    return str(source.pick("https://example.org/x", "urn:uuid:6f0d6b6e-5b0d-4a53-8f5c-0b0b6b0f7a11", "urn:oid:1.2.3", "http://a/b?c=d&e=<f>"))


def key(source: Source) -> str:
    """A key that may be taken already: :func:`keys` tells them apart."""
    return str(source.pick(*AWKWARD_KEYS) if source.maybe() else source.draw(_WORD))


def number(source: Source, low: int = -(10**6), *, positive: bool = False) -> Decimal:
    """An exact decimal: whole, with trailing zeros, or with an exponent."""
    kind = source.number(0, 5)
    whole = source.number(1 if positive else max(low, -50), 50)
    if kind < 3:
        return Decimal(whole)
    if kind == 3:
        return Decimal(f"{whole}.{source.pick('0', '00', '5', '50', '010', '125')}")
    if kind == 4:
        return Decimal(source.pick("1E+5", "1.50E+2", "0.000001", "1E-10", "123456789012345678901234567890", "0.1"))
    return Decimal(whole) / source.pick(1, 10, 100, 1000)


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
    system, value = source.pick(*_codes()) if source.number(0, 3) else (uri(source) if source.maybe() else None, text(source))
    display = text(source) if source.maybe() else None
    return Code(system=system, code=value, display=display, version=text(source) if source.maybe(6) else None)


@cache
def _words(category: str) -> tuple[str, ...]:
    return tuple(word for one in registry.concepts(category) for word in (one.key, one.display, *one.synonyms))


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
        content["text"] = source.pick(*_words(kind.category)) if kind.category and source.maybe(3) else text(source)
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
        content |= {"status": "stated" if form == 5 else "derived" if form == 6 else source.pick("stated", "derived"), "value": make()}
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


# What a type is drawn with. A new type of value needs a line here, a new field of a known type does not.
VALUES: Mapping[Any, Callable[[Source], Any]] = {
    values.Text: text,
    values.Key: key,
    values.Url: uri,
    values.Exact: number,
    values.PartialDate: lambda source: source.pick(*DATES),
    values.Day: lambda source: source.pick(*DAYS),
    model.Sha1: lambda source: source.pick("0" * 40, "da39a3ee5e6b4b0d3255bfef95601890afd80709", "f" * 40),
    model.Language: lambda source: source.pick("en", "id", "zh-Hans-CN", "de-DE", "fil"),
    model.MimeType: lambda source: source.pick("image/jpeg", "image/vnd.x+y", "application/dicom"),
    bool: lambda source: source.maybe(),
    int: lambda source: source.number(1, 100),
    Quantity: quantity,
    Range: time_range,
    Moment: moment,
    Schedule: schedule,
    Span: span,
    Code: code,
}


@cache
def hints(of: type[BaseModel]) -> Mapping[str, Any]:
    """The annotations of a model's fields, ``Annotated`` included."""
    found = get_type_hints(of, include_extras=True)
    return {name: found[name] for name in of.model_fields}


def without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        rest = [option for option in get_args(hint) if option is not type(None)]
        return rest[0] if len(rest) == 1 else Union[tuple(rest)]  # noqa: UP007 - made at run time
    return hint


def value(source: Source, hint: Any) -> Any:
    """A value of an annotation."""
    hint = without_none(hint)
    if hint in VALUES:
        return VALUES[hint](source)
    if get_origin(hint) is Literal:
        return source.pick(*get_args(hint))
    if get_origin(hint) is tuple:
        return tuple(value(source, get_args(hint)[0]) for _ in range(source.number(1, 2)))
    if isinstance(hint, type) and issubclass(hint, Fact):
        inner = hint.__pydantic_generic_metadata__["args"][0]
        return fact(source, hint, lambda: value(source, inner))
    if isinstance(hint, type) and issubclass(hint, Term):
        return term(source, hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return fill(source, hint)
    raise NotImplementedError(f"no strategy for {hint}: add the type to VALUES in tests/properties/strategies.py")


def is_reference(hint: Any) -> bool:
    hint = without_none(hint)
    return hint == values.Key or (get_origin(hint) is tuple and get_args(hint)[0] == values.Key)


def _referred(source: Source, name: str, hint: Any) -> Any:
    """Keys of the collection that a field refers to; ``None`` where there is none to refer to."""
    collection = REFERENCES[name]
    if get_origin(without_none(hint)) is tuple:
        return tuple(source.some(collection))
    keys = source.beside(collection) if name == "part_of" else source.keys[collection]
    return source.pick(*keys) if keys else None


def fill(source: Source, kind: type[BaseModel], **given: Any) -> Any:
    """A model with any of its optional fields; ``given`` are drawn already."""
    content = dict(given)
    optional = [name for name, info in kind.model_fields.items() if name not in given and not info.is_required()]
    chosen = source.subset(optional)
    own = FIELDS.get(kind, {})
    for name, hint in hints(kind).items():
        if name in given or (name in optional and name not in chosen):
            continue
        if name in own:
            drawn = own[name](source)
        elif name in REFERENCES and is_reference(hint):
            drawn = _referred(source, name, hint)
        else:
            drawn = value(source, hint)
        if drawn is not None:
            content[name] = drawn
    rule = RULES.get(kind)
    if rule is not None:
        rule(source, content)
    return kind(**content)


# Rules between fields: what of a draw cannot stand together is taken out of it.


def _drop(content: dict[str, Any], *names: str) -> None:
    for name in names:
        content.pop(name, None)


def _status_of(content: dict[str, Any]) -> Any:
    status = content.get("status")
    return status.value if status is not None else None


def _diagnosis(source: Source, content: dict[str, Any]) -> None:
    if "abatement" in content and _status_of(content) not in ("inactive", "remission", "resolved"):
        if source.maybe():
            content["status"] = hints(model.Diagnosis)["status"].__args__[0](value=source.pick("inactive", "remission", "resolved"))
        else:
            _drop(content, "abatement")


def _intervention(source: Source, content: dict[str, Any]) -> None:
    if "stop_reason" in content and _status_of(content) not in ("stopped", "not-done", "on-hold"):
        if source.maybe():
            content["status"] = hints(model.Intervention)["status"].__args__[0](value=source.pick("stopped", "not-done", "on-hold"))
        else:
            _drop(content, "stop_reason")
    dose = content.get("dose")
    if dose is not None and dose.value is not None and dose.value.comparator is not None:
        content["dose"] = dose.model_copy(update={"value": dose.value.model_copy(update={"comparator": None})})
    kind = content["kind"]
    if kind in ("topical", "systemic") or (kind in model.MEDICATION_KINDS and "product" in content):
        _drop(content, "name", "device", "donor_site", "outcome")
    else:
        _drop(content, "route", "instructions")


def _device(source: Source, content: dict[str, Any]) -> None:
    if not content:
        content["name"] = value(source, hints(model.Device)["name"])


def _family_member(source: Source, content: dict[str, Any]) -> None:
    if content.get("presence") == "absent" or "condition" not in content:
        _drop(content, "onset")


def _event(source: Source, content: dict[str, Any]) -> None:
    if content.get("presence") == "absent":
        _drop(content, "severity", "causality", "outcome")
    elif not content.get("interventions"):
        _drop(content, "causality")


def _site_of(source: Source) -> Any:
    return term(source, without_none(hints(model.Site)["site"]))


def _bounded(source: Source, bounds: Bounds | None, fact_: Fact[Quantity]) -> Fact[Quantity]:
    """A fact whose number an instrument allows: a comparator leaves any number be."""
    if bounds is None or fact_.value is None or fact_.value.comparator is not None or not bounds.verified:
        return fact_
    if bounds.ladder:
        allowed = Decimal(source.pick(*bounds.ladder))
    else:
        allowed = Decimal(source.number(int(bounds.low), int(bounds.high)))
        if not bounds.whole:
            allowed = min(bounds.high, max(bounds.low, allowed.quantize(Decimal(source.pick("1", "0.1", "0.01", "0.00")))))
    return fact_.model_copy(update={"value": fact_.value.model_copy(update={"value": allowed})})


def _assessment(source: Source, content: dict[str, Any]) -> None:
    """Numbers within what verified ranges allow, and often the very components that a formula wants."""
    name = content["instrument"].value
    known = INSTRUMENTS.get(name.concept or "") if name is not None else None
    if known is None:
        return
    if known.items and source.maybe():
        regions = source.pick(*((None,), ("vasi-head-neck",), ("region-1",)))
        content["components"] = tuple(_complete(source, known, regions))
    if "total" in content:
        content["total"] = _bounded(source, known.total, content["total"])
    components = []
    for one in content.get("components", ()):
        bounds = known.items.get(one.item.concept or "") if one.item else None
        components.append(one.model_copy(update={"value": _bounded(source, bounds, one.value)}))
    if "components" in content:
        content["components"] = tuple(components)
    if "total" not in content:
        trial = model.Assessment.model_construct(**{**content, "total": None, "components": tuple(components)})
        computed = instruments.computed_total(trial)
        if computed is not None and known.total is not None and known.total.fault(computed) is not None:
            # A formula's total that its own range excludes is a fault of the file: the components must not be such.
            content["components"] = ()


def _complete(source: Source, known: instruments.Instrument, regions: tuple[str | None, ...]) -> Iterator[Any]:
    item_term, region_term = (without_none(hints(model.Component)[name]) for name in ("item", "region"))
    for region in regions:
        for item in known.items:
            number_ = Quantity(value=Decimal(source.number(0, 1)))
            yield model.Component(
                item=item_term(concept=item),
                region=region_term(text=region) if region else None,
                value=Fact[Quantity](value=number_),
            )


def _component(source: Source, content: dict[str, Any]) -> None:
    if "item" not in content and "region" not in content:
        content["item"] = term(source, without_none(hints(model.Component)["item"]))


RULES: Mapping[type[BaseModel], Callable[[Source, dict[str, Any]], None]] = {
    model.Diagnosis: _diagnosis,
    model.Intervention: _intervention,
    model.Device: _device,
    model.FamilyMember: _family_member,
    model.Event: _event,
    model.Component: _component,
    model.Assessment: _assessment,
}


def _when(source: Source) -> Fact[Moment]:
    # A time point counts from another one, never in a circle.
    kind: type[Fact[Moment]] = without_none(hints(model.TimePoint)["when"])
    return fact(source, kind, lambda: moment(source, source.beside("timepoints")))


def _kind(source: Source) -> str:
    # Half of the treatments are medications: only these have a route and instructions.
    return str(source.pick("topical", "systemic") if source.maybe() else source.pick(*get_args(hints(model.Intervention)["kind"])))


# Fields whose values depend on more than their type.
FIELDS: Mapping[type[BaseModel], Mapping[str, Callable[[Source], Any]]] = {
    model.TimePoint: {"when": _when},
    model.Intervention: {"kind": _kind},
}


def _keys(source: Source, count: int) -> tuple[str, ...]:
    """That many keys, each once."""
    found: list[str] = []
    while len(found) < count:
        name = key(source)
        while name in found:
            name = f"{name[:60]}{len(found)}"
        found.append(name)
    return tuple(found)


def _items(source: Source, hint: Any, keys: tuple[str, ...]) -> tuple[Any, ...]:
    (kind, _) = get_args(hint)
    found = []
    for place, name in enumerate(keys):
        source.item = place
        found.append(fill(source, kind, key=name))
    return tuple(found)


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> model.Case:
    """A whole case: any of the collections, any of the fields, everything in any of its forms."""
    source = Source(draw)
    source.downward = source.maybe()
    filled = source.subset(COLLECTIONS)
    for name in COLLECTIONS:
        source.keys[name] = _keys(source, source.number(1, 2)) if name in filled else ()
    case_hints = hints(model.Case)
    content: dict[str, Any] = {name: _items(source, case_hints[name], source.keys[name]) for name in COLLECTIONS}
    content["subject"] = _subject(source)
    return fill(source, model.Case, **content)  # type: ignore[no-any-return]


def _subject(source: Source) -> model.Subject:
    subject_hints = hints(model.Subject)
    keyed = {
        name: _items(source, subject_hints[name], _keys(source, source.number(0, 2)))
        for name in ("family_history", "comorbidities")
    }
    return fill(source, model.Subject, **keyed)  # type: ignore[no-any-return]
