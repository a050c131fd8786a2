"""Generated cases, whole ones, derived from the case model itself.

Every field of every model is drawn by the type it is annotated with (:data:`VALUES`), references by the table that
the case's own check reads. A new field of a known type is generated without a line here; one of an unknown type is
an error that names it. Rules between fields are kept by construction (:data:`RULES`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import BaseModel

from fhir_vitiligo.case import instruments, model, values
from fhir_vitiligo.case.consistency import COLLECTIONS, REFERENCES
from fhir_vitiligo.case.instruments import INSTRUMENTS, Bounds
from fhir_vitiligo.case.times import is_before
from fhir_vitiligo.case.values import Code, Fact, Moment, Quantity, Range, Schedule, Span, Term
from tests.properties.draws import (
    DATES,
    DAYS,
    Drawn,
    Source,
    code,
    fact,
    key,
    moment,
    number,
    quantity,
    schedule,
    span,
    term,
    text,
    time_range,
    uri,
)

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
    return _drawer(hint)(source)


@cache
def _drawer(hint: Any) -> Callable[[Source], Any]:
    """How a value of an annotation is drawn."""
    hint = without_none(hint)
    if hint in VALUES:
        return VALUES[hint]
    if get_origin(hint) is Literal:
        options = get_args(hint)
        return lambda source: source.pick(*options)
    if get_origin(hint) is tuple:
        each = _drawer(get_args(hint)[0])
        return lambda source: tuple(each(source) for _ in range(source.number(1, 2)))
    if isinstance(hint, type) and issubclass(hint, Fact):
        inner = _drawer(hint.value_type())
        return lambda source: fact(source, hint, lambda: inner(source))
    if isinstance(hint, type) and issubclass(hint, Term):
        return lambda source: term(source, hint)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return lambda source: fill(source, hint)
    raise NotImplementedError(
        f"no strategy for {hint}: add the type to VALUES in tests/properties/strategies.py"
    )


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


@cache
def _optional(kind: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, info in kind.model_fields.items() if not info.is_required())


@cache
def _drawers(kind: type[BaseModel]) -> tuple[tuple[str, Callable[[Source], Any]], ...]:
    """How each field of a model is drawn."""
    own = FIELDS.get(kind, {})
    return tuple((name, own.get(name) or _drawer_of(name, hint)) for name, hint in hints(kind).items())


def _drawer_of(name: str, hint: Any) -> Callable[[Source], Any]:
    if name in REFERENCES and is_reference(hint):
        return lambda source: _referred(source, name, hint)
    return _drawer(hint)


def fill(source: Source, kind: type[BaseModel], **given: Any) -> Any:
    """A model with any of its optional fields; ``given`` are drawn already."""
    content = dict(given)
    optional = [name for name in _optional(kind) if name not in given]
    left_out = set(optional) - source.subset(optional)
    for name, draw in _drawers(kind):
        if name not in given and name not in left_out and (drawn := draw(source)) is not None:
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
    _in_order(content, "onset", "abatement")
    if "abatement" in content and _status_of(content) not in ("inactive", "remission", "resolved"):
        if source.maybe():
            content["status"] = hints(model.Diagnosis)["status"].__args__[0](
                value=source.pick("inactive", "remission", "resolved")
            )
        else:
            _drop(content, "abatement")


def _in_order(content: dict[str, Any], first: str, last: str) -> None:
    start, end = (content[name].value if name in content else None for name in (first, last))
    if start is not None and end is not None and is_before(end, start):
        _drop(content, last)


def _intervention(source: Source, content: dict[str, Any]) -> None:
    if "stop_reason" in content and _status_of(content) not in ("stopped", "not-done", "on-hold"):
        if source.maybe():
            content["status"] = hints(model.Intervention)["status"].__args__[0](
                value=source.pick("stopped", "not-done", "on-hold")
            )
        else:
            _drop(content, "stop_reason")
    dose = content.get("dose")
    if dose is not None and dose.value is not None and dose.value.comparator is not None:
        content["dose"] = dose.model_copy(
            update={"value": dose.value.model_copy(update={"comparator": None})}
        )
    _in_order(content, "start", "end")
    kind = content["kind"]
    procedural = any(name in content for name in ("name", "device", "donor_site", "outcome"))
    used = kind in model.MEDICATION_KINDS or (kind == "other" and not procedural)
    if kind in ("topical", "systemic") or (used and "product" in content):
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
            allowed = min(
                bounds.high,
                max(bounds.low, allowed.quantize(Decimal(source.pick("1", "0.1", "0.01", "0.00")))),
            )
    return fact_.model_copy(update={"value": fact_.value.model_copy(update={"value": allowed})})


def _assessment(source: Source, content: dict[str, Any]) -> None:
    """Often numbers within what verified ranges allow, and the very components that a formula wants."""
    name = content["instrument"].value
    known = INSTRUMENTS.get(name.concept or "") if name is not None else None
    if known is None:
        return
    if known.items and source.maybe():
        regions = source.pick(*((None,), ("vasi-head-neck",), ("region-1",)))
        content["components"] = tuple(_complete(source, known, regions))
    if source.maybe(3):
        return
    if "total" in content:
        content["total"] = _bounded(source, known.total, content["total"])
    components = []
    for one in content.get("components", ()):
        bounds = known.items.get(one.item.concept or "") if one.item else None
        components.append(one.model_copy(update={"value": _bounded(source, bounds, one.value)}))
    if "components" in content:
        content["components"] = tuple(components)


def _complete(
    source: Source, known: instruments.Instrument, regions: tuple[str | None, ...]
) -> Iterator[Any]:
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
    return str(
        source.pick("topical", "systemic")
        if source.maybe()
        else source.pick(*get_args(hints(model.Intervention)["kind"]))
    )


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
    """Cases as :func:`case` makes them."""
    return case(Drawn(draw))


def case(source: Source) -> model.Case:
    """A whole case: any of the collections, any of the fields, everything in any of its forms."""
    source.downward = source.maybe()
    filled = source.subset(COLLECTIONS)
    for name in COLLECTIONS:
        source.keys[name] = _keys(source, source.number(1, 2)) if name in filled else ()
    case_hints = hints(model.Case)
    content: dict[str, Any] = {
        name: _items(source, case_hints[name], source.keys[name]) for name in COLLECTIONS
    }
    content["subject"] = _subject(source)
    return fill(source, model.Case, **content)  # type: ignore[no-any-return]


def _subject(source: Source) -> model.Subject:
    subject_hints = hints(model.Subject)
    keyed = {
        name: _items(source, subject_hints[name], _keys(source, source.number(0, 2)))
        for name in ("family_history", "comorbidities")
    }
    return fill(source, model.Subject, **keyed)  # type: ignore[no-any-return]
