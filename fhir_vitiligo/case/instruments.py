"""The instruments: formulas, ranges and bands, each with its source and whether that source was verified.

Only a verified formula computes a total. A number outside a verified range is a fault in a file; what another
system sent is kept as it was written, ambiguous. Unverified ranges warn at most.
Sources are those of the domain notes: Hamzavi 2004 (VASI), Hongbo 2005 (DLQI), Taïeb & Picardo 2007 (VETF),
van Geel 2020 (VSAS).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.case.values import Candidate, Fact, Quantity, exact
from fhir_vitiligo.errors import Issue

if TYPE_CHECKING:
    from fhir_vitiligo.case.model import Assessment, Component

LADDER = tuple(Decimal(step) for step in (0, 10, 25, 50, 75, 90, 100))
"""The residual depigmentation that VASI allows, per cent."""

Values = Mapping[tuple[str | None, str | None], Decimal]
"""Stated component values by (item, region) key."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An allowed range, inclusive, or a ladder of allowed values."""

    low: Decimal
    high: Decimal
    verified: bool
    ladder: tuple[Decimal, ...] = ()
    whole: bool = False

    def fault(self, value: Decimal) -> str | None:
        """What is wrong with the value, or ``None``."""
        if self.ladder and value not in self.ladder:
            return f"is not a step of the ladder {', '.join(map(str, self.ladder))}"
        if not self.low <= value <= self.high:
            return f"is outside {self.low} to {self.high}"
        if self.whole and value != value.to_integral_value():
            return "is not a whole number"
        return None


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is known of an instrument: its ``source``, bounds of total and items, and the ``formula`` of its
    total.
    """

    source: str
    total: Bounds | None = None
    items: Mapping[str, Bounds] = field(default_factory=dict)
    formula: Callable[[Values], Decimal | None] | None = None
    method: str = ""
    bands: tuple[tuple[int, int, str], ...] = ()


def _bounds(
    low: int, high: int, *, verified: bool = True, ladder: tuple[Decimal, ...] = (), whole: bool = False
) -> Bounds:
    return Bounds(Decimal(low), Decimal(high), verified, ladder, whole)


def _vasi(values: Values) -> Decimal | None:
    """Σ over regions of hand units × residual depigmentation (as a fraction)."""
    regions = dict.fromkeys(region for _, region in values)
    if not regions or None in regions:
        return None
    total = Decimal(0)
    for region in regions:
        units, residual = (
            values.get(("vasi-hand-units", region)),
            values.get(("vasi-residual-depigmentation", region)),
        )
        if units is None or residual is None:
            return None
        total += units * residual / 100
    return total


def _sum_of(item: str) -> Callable[[Values], Decimal | None]:
    def total(values: Values) -> Decimal | None:
        if not values or any(key[0] != item for key in values):
            return None
        return sum(values.values(), Decimal(0))

    return total


_DLQI_ITEMS = tuple(f"dlqi-{number}" for number in range(1, 11))


def _dlqi(values: Values) -> Decimal | None:
    """The sum of all ten items; nine items make no total."""
    if set(values) != {(item, None) for item in _DLQI_ITEMS}:
        return None
    return sum(values.values(), Decimal(0))


_VASI_ITEMS = {
    "vasi-hand-units": _bounds(0, 100),
    "vasi-residual-depigmentation": _bounds(0, 100, ladder=LADDER),
}
_VASI_METHOD = "sum over regions of hand units x residual depigmentation (Hamzavi 2004)"
_HAMZAVI = "Hamzavi 2004, doi 10.1001/archderm.140.6.677"
_VETF = Instrument(
    source="Taïeb & Picardo 2007, doi 10.1111/j.1600-0749.2006.00355.x",
    # No source defines one total of VETF, so there is neither a formula nor a range for it.
    items={
        "vetf-extent": _bounds(0, 100),
        "vetf-staging": _bounds(0, 3, whole=True),
        "vetf-spreading": _bounds(-1, 1, whole=True),
    },
)

INSTRUMENTS: Mapping[str, Instrument] = {
    "vasi": Instrument(_HAMZAVI, _bounds(0, 100), _VASI_ITEMS, _vasi, _VASI_METHOD),
    "t-vasi": Instrument(_HAMZAVI, _bounds(0, 100), _VASI_ITEMS, _vasi, _VASI_METHOD),
    "f-vasi": Instrument("usdermed.com F-VASI page", _bounds(0, 3), _VASI_ITEMS, _vasi, _VASI_METHOD),
    "f-vasi-ftu": Instrument(
        "PMID 34246695",
        _bounds(0, 112),
        {"f-vasi-fingertip-units": _bounds(0, 112)},
        _sum_of("f-vasi-fingertip-units"),
        "sum of fingertip units (PMID 34246695)",
    ),
    "vetf": _VETF,
    "vetfa": _VETF,
    "dlqi": Instrument(
        "Hongbo 2005 (bands); 10 items of 0 to 3",
        _bounds(0, 30, whole=True),
        {item: _bounds(0, 3, whole=True) for item in _DLQI_ITEMS},
        _dlqi,
        "sum of the ten items",
        bands=(
            (0, 1, "no-effect"),
            (2, 5, "small-effect"),
            (6, 10, "moderate-effect"),
            (11, 20, "very-large-effect"),
            (21, 30, "extremely-large-effect"),
        ),
    ),
    "vsas": Instrument(
        "van Geel 2020, PMC7687072 (signs); sums derived, unconfirmed",
        _bounds(0, 45, verified=False, whole=True),
        {
            item: _bounds(0, 15, verified=False, whole=True)
            for item in ("vsas-confetti", "vsas-koebner", "vsas-hypochromic-border")
        },
    ),
    "vida": Instrument("ladder unverified", _bounds(-1, 4, verified=False, whole=True)),
    "vns": Instrument("levels unverified", _bounds(1, 5, verified=False, whole=True)),
    "bsa": Instrument("a percentage", _bounds(0, 100)),
}


def _number(fact: Fact[Quantity] | None) -> Decimal | None:
    if fact is None or fact.value is None or fact.value.comparator is not None:
        return None
    return fact.value.value


def _components(assessment: Assessment) -> Values | None:
    """The components as numbers, or ``None`` where one of them cannot be computed with."""
    values: dict[tuple[str | None, str | None], Decimal] = {}
    for component in assessment.components:
        number = _number(component.value)
        item, region = component.item, component.region
        if number is None or (item and item.concept is None) or (region and region.concept is None):
            return None
        key = (item.concept if item else None, region.concept if region else None)
        if key in values:
            return None
        values[key] = number
    return values


def instrument_of(assessment: Assessment) -> Instrument | None:
    """What is known of the assessment's instrument, or ``None``."""
    name = assessment.instrument.value
    return INSTRUMENTS.get(name.concept or "") if name is not None else None


_LIMBS = frozenset({"hands", "upper-extremities", "lower-extremities", "feet"})
_REGION_SETS = {
    "vasi-original-5": _LIMBS | {"trunk"},
    "vasi-modern-6": _LIMBS | {"trunk", "head-and-neck"},
}
"""The regions that a VASI of the whole body is the sum over."""


def _not_summed_over(assessment: Assessment) -> str | None:
    """Why the components are no sum over the regions that the score is of; ``None`` where nothing says so.

    A clear region scores 0: it is not left out.
    """
    name, stated = assessment.instrument.value, assessment.region_set
    concept = stated.concept if stated is not None else None
    if name is None or name.concept not in ("vasi", "t-vasi"):
        return None
    if stated is None and name.concept == "t-vasi":
        allowed = list(_REGION_SETS.values())
    elif concept in _REGION_SETS:
        allowed = [_REGION_SETS[concept]]
    else:
        return None
    scored = {one.region.concept for one in assessment.components if one.region is not None}
    if scored == {"whole-body"} or scored in allowed:
        return None
    wanted = " or ".join(sorted({key for key, regions in _REGION_SETS.items() if regions in allowed}))
    given = ", ".join(sorted(filter(None, scored))) or "none that is known"
    return f"the components are of the regions {given}, which are not those of {wanted}"


def computed_total(assessment: Assessment) -> Decimal | None:
    """The total by the instrument's verified formula, or ``None`` where there is none or components are
    missing.
    """
    return _sum(assessment) if _not_summed_over(assessment) is None else None


def _sum(assessment: Assessment) -> Decimal | None:
    """What the formula gives over the components that there are, be it over all regions or not."""
    instrument = instrument_of(assessment)
    if instrument is None or instrument.formula is None:
        return None
    values = _components(assessment)
    if not values:
        return None
    with localcontext() as context:
        context.prec = 200  # no component is rounded, whatever its digits
        total = instrument.formula(values)
    try:
        return None if total is None else exact(total)
    except ValueError:
        return None  # more digits than any measurement has: nothing is derived from it


def derive(assessment: Assessment) -> dict[str, Any]:
    """What follows from the stated facts: a total that was not stated, the band of a total; and instead of each
    number that a verified range excludes what was written, with the number as a candidate: somebody has to say
    what it means.
    """
    from fhir_vitiligo.case.terms import InterpretationTerm

    derived: dict[str, Any] = {}
    numbers = [_as_written(one.value, _bounds_of(one)) for one in assessment.components]
    if any(new is not one.value for new, one in zip(numbers, assessment.components, strict=True)):
        derived["components"] = tuple(
            one.model_copy(update={"value": new})
            for new, one in zip(numbers, assessment.components, strict=True)
        )
    instrument = instrument_of(assessment)
    if instrument is None:
        return derived
    total = _as_written(assessment.total, instrument.total)
    if total is not assessment.total:
        derived["total"] = total
    computed = computed_total(assessment) if "components" not in derived else None
    if total is None and computed is not None and not _excluded(instrument.total, computed):
        total = Fact[Quantity](value=Quantity(value=computed), status="derived", method=instrument.method)
        derived["total"] = total
    number = _number(total)
    if assessment.interpretation is None and number is not None:
        for low, high, band in instrument.bands:
            if low <= number <= high:
                derived["interpretation"] = Fact[InterpretationTerm](
                    value=InterpretationTerm(concept=band),
                    status="derived",
                    method=f"band {low} to {high}: {instrument.source}",
                )
    return derived


_ITEMS = {item: bounds for instrument in INSTRUMENTS.values() for item, bounds in instrument.items.items()}


def _bounds_of(component: Component) -> Bounds | None:
    """What the number of a component is held to, whatever instrument it stands in."""
    return _ITEMS.get(component.item.concept or "") if component.item else None


def _excluded(bounds: Bounds | None, number: Decimal) -> bool:
    return bounds is not None and bounds.verified and bounds.fault(number) is not None


def _as_written(fact: Fact[Quantity] | None, bounds: Bounds | None) -> Fact[Quantity] | None:
    # A bound is held to the range as well: no score is above 50 where 30 is the most.
    if bounds is None or fact is None or fact.value is None or not _excluded(bounds, fact.value.value):
        return fact
    candidate = Candidate[Quantity](value=fact.value, method=bounds.fault(fact.value.value))
    written = {"raw": fact.raw or str(fact.value), "value": None, "status": "ambiguous"}
    return fact.model_copy(update={**written, "candidates": (candidate,)})


OUT_OF_RANGE = "verified-range"
"""The rule of an :class:`Issue` about a number that a verified range excludes."""


def advise(assessment: Assessment, path: str) -> Iterator[Issue]:
    """What is to be said of the numbers: those outside a range, totals that disagree. Nothing is changed."""
    name = assessment.instrument.value or assessment.instrument
    for index, component in enumerate(assessment.components):
        place = f"{path}.components[{index}].value"
        yield from _check(_bounds_of(component), component.value, place, f"{name} {component.item}")
    instrument = instrument_of(assessment)
    if instrument is None:
        return
    yield from _check(instrument.total, assessment.total, f"{path}.total", str(name))
    stated, computed = _number(assessment.total), _sum(assessment)
    if stated is None and computed is not None and _excluded(instrument.total, computed):
        assert instrument.total is not None
        yield Issue(
            "warning",
            "business-rule",
            f"{path}.components",
            f"the components of {name} give {computed} ({instrument.method}), which "
            f"{instrument.total.fault(computed)}: no total is derived",
        )
    elif (
        assessment.total is None
        and computed is not None
        and (why := _not_summed_over(assessment)) is not None
    ):
        text = f"{why}: no total is derived; give each region, 0 where it is clear, or another region_set"
        yield Issue("warning", "business-rule", f"{path}.components", text)
    yield from _other_band(assessment, instrument, stated, f"{path}.interpretation")
    if stated is not None and computed is not None and stated != computed:
        yield Issue(
            "warning",
            "business-rule",
            f"{path}.total",
            f"the stated total {stated} of {name} disagrees with its components, which give {computed} "
            f"({instrument.method}); both are kept",
        )


def _other_band(
    assessment: Assessment, instrument: Instrument, total: Decimal | None, path: str
) -> Iterator[Issue]:
    stated = assessment.interpretation.value if assessment.interpretation is not None else None
    if total is None or stated is None:
        return
    bands = {band: (low, high) for low, high, band in instrument.bands}
    for band, (low, high) in bands.items():
        if low <= total <= high and stated.concept in bands and stated.concept != band:
            text = f"the total {total} is {band} ({low} to {high}), {stated.concept} is stated: both are kept"
            yield Issue("warning", "business-rule", path, text)


def _check(bounds: Bounds | None, fact: Fact[Quantity] | None, path: str, name: str) -> Iterator[Issue]:
    if bounds is None or fact is None:
        return
    for reading in (fact.value, *(candidate.value for candidate in fact.candidates)):
        number = None if reading is None else reading.value
        fault = None if number is None else bounds.fault(number)
        if fault is None:
            continue
        if bounds.verified:
            text = f"{number} {fault}, which {name} does not allow: it stays as it was written, unread"
            yield Issue("warning", "value", path, text, rule=OUT_OF_RANGE)
        else:
            text = f"{number} {fault}, which is unusual for {name} (range unverified)"
            yield Issue("warning", "value", path, text)
