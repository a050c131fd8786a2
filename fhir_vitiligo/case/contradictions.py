"""Facts of a case that do not go together. All are kept as they are: which of them is wrong, only their author knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from fhir_vitiligo.case.coded import ancestry
from fhir_vitiligo.case.consistency import not_of_one_score, vasi_improvement, vasi_threshold
from fhir_vitiligo.case.disease import Diagnosis
from fhir_vitiligo.case.times import Moment, is_before
from fhir_vitiligo.errors import Issue

if TYPE_CHECKING:
    from fhir_vitiligo.case.items import Site
    from fhir_vitiligo.case.model import Case, Response
    from fhir_vitiligo.case.values import Fact, Quantity


def advise(case: Case) -> Iterator[Issue]:
    """Warnings, of what contradicts something else in the case."""
    yield from _age(case)
    for index, comorbidity in enumerate(case.subject.comorbidities):
        if comorbidity.presence == "absent" and comorbidity.onset is not None:
            yield _warning(
                f"subject.comorbidities[{index}].onset",
                "what is stated to be absent has no onset: both are kept",
            )
    for index, diagnosis in enumerate(case.diagnoses):
        yield from _not_of_the_class(f"diagnoses[{index}]", diagnosis)
        yield from _onset(case, diagnosis, f"diagnoses[{index}]")
        yield from _sides(diagnosis.sites, f"diagnoses[{index}]")
    for index, lesion in enumerate(case.lesions):
        yield from _sides(lesion.sites, f"lesions[{index}]")
    for index, intervention in enumerate(case.interventions):
        done = _number(intervention.sessions_done)
        if intervention.status is not None and intervention.status.value == "not-done" and done:
            text = f"{done} sessions of what is stated not to have been done: both are kept"
            yield _warning(f"interventions[{index}].sessions_done", text)
    yield from _no_measure(case)
    for index, response in enumerate(case.responses):
        yield from _response(case, response, f"responses[{index}]")
    yield from _nothing_happened(case)


def _warning(path: str, text: str) -> Issue:
    return Issue("warning", "business-rule", path, text)


def _number(fact: Fact[Quantity] | None) -> Decimal | None:
    value = fact.value if fact is not None else None
    return value.value if value is not None and value.comparator is None else None


def _dates(case: Case) -> dict[str, str]:
    """The dates of time points that have one."""
    return {
        point.key: point.when.value.date
        for point in case.timepoints
        if point.when is not None and point.when.value is not None and point.when.value.date is not None
    }


def _age(case: Case) -> Iterator[Issue]:
    """An age, which is that at the first time point, beside the dates of birth and of that time point."""
    subject, dates = case.subject, _dates(case)
    born = subject.birth_date.value if subject.birth_date is not None else None
    seen = dates.get(case.timepoints[0].key) if case.timepoints else None
    if born is not None and born > date.today().isoformat()[: len(born)]:  # noqa: DTZ011 - a birth of today is one anywhere
        yield _warning("subject.birth_date", f"born {born}, which is in the future: it is kept")
    if born is None or seen is None:
        return
    place = f"{born} and the first time point {seen}"
    if is_before(Moment(date=seen), Moment(date=born)):
        yield _warning("subject.birth_date", f"born {place}, which is earlier: both are kept")
        return
    age = _number(subject.age)
    unit = subject.age.value.unit if subject.age is not None and subject.age.value is not None else None
    if age is None or unit not in ("a", "mo") or age > 1000 * 12:
        return
    stated = int(age if unit == "a" else age / 12)
    years = int(seen[:4]) - int(born[:4])
    possible = {years, years - 1}
    if len(born) == 10 and len(seen) >= 10 and born[5:] != seen[5:10]:
        possible = {years - (seen[5:10] < born[5:])}
    if stated not in possible:
        either = " or ".join(map(str, sorted(possible)))
        yield _warning(
            "subject.age", f"the age {subject.age} is stated, born {place} make it {either} a: all are kept"
        )


def _onset(case: Case, diagnosis: Diagnosis, path: str) -> Iterator[Issue]:
    onset = diagnosis.onset.value if diagnosis.onset is not None else None
    if onset is None or onset.date is None:
        return
    born = case.subject.birth_date.value if case.subject.birth_date is not None else None
    if born is not None and is_before(onset, Moment(date=born)):
        yield _warning(f"{path}.onset", f"the onset {onset} is before the birth, {born}: both are kept")
    seen = _dates(case).get(diagnosis.at or "")
    if seen is not None and is_before(Moment(date=seen), onset):
        text = (
            f"the onset {onset} is after {diagnosis.at}, {seen}, when the diagnosis was made: both are kept"
        )
        yield _warning(f"{path}.onset", text)


_RIGHT = re.compile(r"\b(?:right|rechts|rechte[nrs]?|droite?|derech[oa])\b", re.IGNORECASE)
_LEFT = re.compile(r"\b(?:left|links|linke[nrs]?|gauche|izquierd[oa])\b", re.IGNORECASE)


def _sides(sites: tuple[Site, ...], path: str) -> Iterator[Issue]:
    for index, one in enumerate(sites):
        words = one.site.text or ""
        said = {side for side, form in (("right", _RIGHT), ("left", _LEFT)) if form.search(words)}
        if one.side in ("right", "left") and said and one.side not in said:
            text = f"{words!r} is not {one.side}, which is stated as its side: both are kept"
            yield _warning(f"{path}.sites[{index}].side", text)


def _response(case: Case, response: Response, path: str) -> Iterator[Issue]:
    part, band = _number(response.repigmentation), response.quartile.value if response.quartile else None
    if part is not None and band is not None and band.concept is not None:
        low, high = map(int, band.concept.split("-"))
        # Between two bands is in both: nobody says how they rounded.
        if not low - 1 < part < high + 1:
            text = f"repigmentation of {part} % is not within {low} to {high} %: both are kept"
            yield _warning(f"{path}.quartile", text)
    improvement, threshold = _number(response.improvement), vasi_threshold(response)
    reached = response.endpoint_reached.value if response.endpoint_reached is not None else None
    stated = response.improvement is not None and response.improvement.status == "stated"
    if improvement is not None and stated:
        computed = vasi_improvement(case, response)
        if computed is not None and abs(computed - improvement) > 1:
            scores = " and ".join(response.derived_from)
            text = (
                f"an improvement of {improvement} % is stated, {scores} give {computed:.1f} %: both are kept"
            )
            yield _warning(f"{path}.improvement", text)
    if improvement is None or threshold is None or reached is None:
        return
    if (improvement >= threshold) is not reached:
        said = "reached" if reached else "not reached"
        text = (
            f"{response.endpoint} is stated to be {said}, by an improvement of {improvement} %: both are kept"
        )
        yield _warning(f"{path}.endpoint_reached", text)


_NSV, _SV = frozenset({"non-segmental", "mixed"}), frozenset({"segmental", "mixed"})
_CLASSES_OF = {
    **dict.fromkeys(
        ("generalized", "acrofacial", "universal", "mixed-with-sv", "punctata", "hypochromic", "follicular"),
        _NSV,
    ),
    **dict.fromkeys(("unisegmental", "bisegmental", "plurisegmental"), _SV),
    "mucosal": _NSV | _SV,
    "focal": frozenset({"unclassified", "segmental", "mixed"}),
    "multifocal-asymmetric": frozenset({"unclassified"}),
    "one-site-mucosal": frozenset({"unclassified"}),
}
"""Which classes a subtype is of (Ezzedine 2012: the consensus of the Vitiligo Global Issues Consensus Conference). What is
mixed has the subtypes of both its parts; focal and mucosal forms of the segmental class are described too."""
_CLASSES = frozenset({"non-segmental", "segmental", "mixed", "unclassified"})


def _not_of_the_class(path: str, diagnosis: Diagnosis) -> Iterator[Issue]:
    name = diagnosis.name.value if diagnosis.name is not None else None
    subtype = diagnosis.subtype.value if diagnosis.subtype is not None else None
    if name is None or name.concept is None or subtype is None or subtype.concept is None:
        return
    of = _CLASSES & ancestry(name.category, name.concept)
    allowed = _CLASSES_OF.get(subtype.concept, of)
    if of and of.isdisjoint(allowed):
        text = (
            f"{subtype.concept!r} is a subtype of {' or '.join(sorted(allowed))} vitiligo, and the diagnosis is "
            f"{next(iter(of))}: both are kept and go out as they are"
        )
        yield Issue("warning", "business-rule", f"{path}.subtype", text)


def _no_measure(case: Case) -> Iterator[Issue]:
    """Responses whose endpoint is of another score than the assessments they were computed from."""
    assessments = {one.key: one for one in case.assessments}
    for index, response in enumerate(case.responses):
        if vasi_threshold(response) is not None and len(response.derived_from) == 2:
            first, second = (assessments[key] for key in response.derived_from)
            if (why := not_of_one_score(response, first, second)) is not None:
                text = (
                    f"{why}: nothing is derived of the endpoint {response.endpoint}, what is stated is kept"
                )
                yield Issue("warning", "business-rule", f"responses[{index}].derived_from", text)


_NOTHING = re.compile(
    r"(?:none|nil|nothing|keine|kein|ninguno|aucun|nessuno|no (?:adverse|side|serious|unwanted)\b.*|no events?"
    r"|keine (?:nebenwirkung|unerw).*|no complications?|without (?:adverse|side).*)\W*\Z",
    re.IGNORECASE,
)


def _nothing_happened(case: Case) -> Iterator[Issue]:
    """Events whose name says that nothing happened: as they stand they go out as having happened."""
    for index, event in enumerate(case.events):
        name = event.name.value
        words = name.text if name is not None else None
        if event.presence == "present" and words is not None and _NOTHING.match(words.strip()):
            text = (
                f"{words!r} stands as an event that happened: write name: adverse event and presence: absent for a stated "
                "absence, or leave the event out"
            )
            yield Issue("warning", "business-rule", f"events[{index}].name", text)
