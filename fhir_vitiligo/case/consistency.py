"""What must hold across a whole case: keys are unique, and what is referred to is there.

The same table serves a typed case and the plain data of a file that did not become one, so that all faults of
a file are told at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.case.base import Model
from fhir_vitiligo.case.quantities import is_measurement
from fhir_vitiligo.case.values import Fact, Moment, Quantity

if TYPE_CHECKING:
    from fhir_vitiligo.case.disease import Assessment
    from fhir_vitiligo.case.model import Case, Response

COLLECTIONS = (
    "timepoints", "diagnoses", "lesions", "assessments", "products", "interventions", "responses", "events",
    "photographs",
)  # fmt: skip

# Field of an item -> the collection whose keys it holds.
REFERENCES = {
    "at": "timepoints",
    "lesions": "lesions",
    "interventions": "interventions",
    "staged_by": "assessments",
    "derived_from": "assessments",
    "product": "products",
    "part_of": "interventions",
}
MOMENTS = ("date", "when", "onset", "abatement", "start", "end")


@dataclass(frozen=True, slots=True)
class Fault:
    """One inconsistency: the place as a tuple of names and indexes, and a sentence."""

    path: tuple[str | int, ...]
    text: str


class InconsistentCaseError(ValueError):
    """Raised while a case is built; ``faults`` lists every inconsistency."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{dotted(fault.path)}: {fault.text}" for fault in faults))


def dotted(path: Sequence[str | int]) -> str:
    """``lesions[0].sites[1]`` for ``("lesions", 0, "sites", 1)``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)


def _fields_of(item: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that an item can have: any, where it is plain data."""
    return _known(type(item), names) if isinstance(item, Model) else names


@cache
def _known(model: type[Model], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in model.model_fields)


def _many(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def faults(case: Any) -> Iterator[Fault]:
    """Every duplicate key and dangling reference of a typed case or of a case file's plain data."""
    keys: dict[str, dict[str, int]] = {}
    for name in COLLECTIONS:
        yield from _unique(_many(_get(case, name)), (name,), keys.setdefault(name, {}))
    subject = _get(case, "subject")
    for name in ("family_history", "comorbidities"):
        items = _many(_get(subject, name)) if subject is not None else ()
        yield from _unique(items, ("subject", name), {})
        for index, item in enumerate(items):
            yield from _moments(item, ("subject", name, index), keys)
    for name in COLLECTIONS:
        for index, item in enumerate(_many(_get(case, name))):
            place = (name, index)
            yield from _references(item, place, keys)
            yield from _moments(item, place, keys)
    yield from _cycles(_many(_get(case, "interventions")))
    yield from _offset_cycles(_many(_get(case, "timepoints")))


def _unique(items: Sequence[Any], place: tuple[str | int, ...], seen: dict[str, int]) -> Iterator[Fault]:
    for index, item in enumerate(items):
        key = _get(item, "key")
        if not isinstance(key, str):
            continue
        if key in seen:
            yield Fault(
                (*place, index, "key"),
                f"the key {key!r} is taken by item {seen[key]} of {place[-1]}: give each its own",
            )
        else:
            seen[key] = index


def _references(
    item: Any, place: tuple[str | int, ...], keys: Mapping[str, Mapping[str, int]]
) -> Iterator[Fault]:
    for field in _fields_of(item, tuple(REFERENCES)):
        target, value = REFERENCES[field], _get(item, field)
        if value is None or value == ():
            continue
        many = isinstance(value, list | tuple)
        for index, key in enumerate(value if many else (value,)):
            if isinstance(key, str) and key not in keys[target]:
                yield Fault((*place, field, index) if many else (*place, field), _missing(key, target, keys))


def _missing(key: str, target: str, keys: Mapping[str, Mapping[str, int]]) -> str:
    known = ", ".join(keys[target]) or "none"
    return f"there is no {key!r} among the {target} (there: {known})"


def _moments(
    item: Any, place: tuple[str | int, ...], keys: Mapping[str, Mapping[str, int]]
) -> Iterator[Fault]:
    for field in _fields_of(item, MOMENTS):
        fact = _get(item, field)
        if fact is None:
            continue
        value = _get(fact, "value") if isinstance(fact, Mapping | Fact) else fact
        moment = value
        if isinstance(value, str | Mapping):
            try:
                moment = Moment.model_validate(value)
            except ValueError:
                continue
        if isinstance(moment, Moment) and moment.of is not None and moment.of not in keys["timepoints"]:
            yield Fault((*place, field), _missing(moment.of, "timepoints", keys))


def _cycles(interventions: Sequence[Any]) -> Iterator[Fault]:
    parent = {
        _get(item, "key"): _get(item, "part_of")
        for item in interventions
        if isinstance(_get(item, "key"), str)
    }
    yield from _loops(parent, "interventions", "part_of", "is part of itself, directly or through others")


def _offset_cycles(timepoints: Sequence[Any]) -> Iterator[Fault]:
    parent: dict[Any, Any] = {}
    for item in timepoints:
        when = _get(item, "when")
        value = _get(when, "value") if isinstance(when, Fact) else None
        if isinstance(value, Moment):
            parent[_get(item, "key")] = value.of
    yield from _loops(parent, "timepoints", "when", "is counted from itself, directly or through others")


def _loops(parent: Mapping[Any, Any], collection: str, field: str, what: str) -> Iterator[Fault]:
    for index, key in enumerate(parent):
        seen = {key}
        up = parent[key]
        while up is not None and isinstance(up, str) and up not in seen:
            seen.add(up)
            up = parent.get(up)
        if up == key:
            yield Fault((collection, index, field), f"{key!r} {what}")


def check(case: Case) -> None:
    """Raise :class:`InconsistentCaseError` with every fault there is."""
    found = tuple(faults(case))
    if found:
        raise InconsistentCaseError(found)


def normal(case: Case) -> dict[str, Any]:
    """Fields to replace so that one meaning has one form.

    An item's own date that only repeats its time point's is dropped, the improvement of a VASI endpoint is
    derived from its two assessments, and a source of which nothing is said is none.
    """
    when = {point.key: point.when for point in case.timepoints if point.when is not None}
    changed: dict[str, Any] = {}
    if case.source is not None and not any(case.source.__dict__.values()):
        changed["source"] = None
    for name in ("lesions", "assessments", "responses", "events", "photographs"):
        items = getattr(case, name)
        new = tuple(
            _own_date_only(_derive_improvement(case, item) if name == "responses" else item, when)
            for item in items
        )
        if any(before is not after for before, after in zip(items, new, strict=True)):
            changed[name] = new
    return changed


UNKNOWN_TIME = Fact[Moment](status="absent", reason="unknown")


def _own_date_only(item: Any, when: Mapping[str, Fact[Moment]]) -> Any:
    """Without a date that says no more than its time point does, or than no date at all."""
    if item.date is not None and item.date == when.get(item.at or "", UNKNOWN_TIME):
        return item.model_copy(update={"date": None})
    return item


VASI_ENDPOINTS = {"vasi50": 50, "vasi75": 75, "vasi90": 90}


def vasi_threshold(response: Response) -> int | None:
    """The per cent that a response's VASI endpoint asks for."""
    endpoint = response.endpoint.value if response.endpoint else None
    concept = (endpoint.concept if endpoint else None) or ""
    return next((limit for name, limit in VASI_ENDPOINTS.items() if concept.endswith(name)), None)


def not_of_one_score(response: Response, first: Assessment, second: Assessment) -> str | None:
    """Why two assessments are no measure of the response's VASI endpoint; None where they are.

    A T-VASI50 is of two T-VASI, by one form and over the same regions; a VASI50 that says no more, of any two alike.
    """
    endpoint = response.endpoint.value if response.endpoint else None
    wanted = ((endpoint.concept if endpoint else None) or "").rstrip("0123456789")
    for one in (first, second):
        found = (one.instrument.value.concept if one.instrument.value else None) or ""
        if not (found.endswith("vasi") if wanted == "vasi" else found == wanted):
            return f"{one.key!r} is a {one.instrument}, no {wanted.upper()}"
    forms = [(str(one.instrument), one.variant, one.version, one.region_set) for one in (first, second)]
    if forms[0] != forms[1]:
        return f"{first.key!r} and {second.key!r} are not of one form (instrument, variant, version, regions)"
    return None


def vasi_improvement(case: Case, response: Response) -> Decimal | None:
    """(baseline - now) / baseline x 100, where a VASI endpoint names its two assessments (lower is better only there)."""
    if vasi_threshold(response) is None or len(response.derived_from) != 2:
        return None
    first, second = (
        next(item for item in case.assessments if item.key == key) for key in response.derived_from
    )
    if not_of_one_score(response, first, second) is not None:
        return None
    totals = []
    for total in (first.total, second.total):
        if total is None or total.value is None or total.value.comparator:
            return None
        totals.append(total.value.value)
    before, now = totals
    if before <= 0:
        return None
    with localcontext() as context:
        # Totals have few digits (MAX_DIGITS): the quotient's first decimal is always within.
        context.prec = 100
        return (before - now) / before * 100


def _derive_improvement(case: Case, response: Response) -> Response:
    """With the improvement that its two assessments show, and whether that reaches its endpoint."""
    threshold = vasi_threshold(response)
    exact = vasi_improvement(case, response) if response.improvement is None else None
    if threshold is None or exact is None:
        return response
    with localcontext() as context:
        context.prec = 100
        rounded = exact.quantize(Decimal("0.1"))
    if not is_measurement(rounded):
        return response  # totals that differ beyond any measurement
    method = f"(baseline - now) / baseline x 100 of {' and '.join(response.derived_from)}"
    if rounded != exact:
        method += ", rounded to one decimal"
    update: dict[str, Any] = {
        "improvement": Fact[Quantity](
            value=Quantity(value=rounded, unit="%"), status="derived", method=method
        )
    }
    if response.endpoint_reached is None:
        update["endpoint_reached"] = Fact[bool](
            value=exact >= threshold, status="derived", method=f"improvement of {threshold} % or more"
        )
    return response.model_copy(update=update)
