"""What is to be said of a case that is well formed: numbers outside an instrument's range, totals
that disagree, words that say something else than the code beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import BaseModel

from fhir_vitiligo.case import amounts, contradictions, instruments
from fhir_vitiligo.case.coded import ABSOLUTE_URI, Term, contradict
from fhir_vitiligo.case.quantities import Quantity
from fhir_vitiligo.case.times import DATE_LIKE, Moment
from fhir_vitiligo.case.values import Span
from fhir_vitiligo.errors import Issue
from fhir_vitiligo.terminology import registry

if TYPE_CHECKING:
    from fhir_vitiligo.case.model import Case


def advise(case: Case) -> Iterator[Issue]:
    """Warnings, of what deserves a look."""
    points = {point.key for point in case.timepoints}
    for path, value in _values(case, ""):
        if isinstance(value, Term):
            yield from _contradictions(path, value)
            yield from _misspelt(path, value)
            yield from _no_systems(path, value)
        elif isinstance(value, Moment):
            yield from _date_in_words(path, value, points)
        elif isinstance(value, Span):
            yield from _outside(path, value, case)
        else:
            yield from amounts.advise(path, value)
    yield from contradictions.advise(case)
    for index, assessment in enumerate(case.assessments):
        yield from instruments.advise(assessment, f"assessments[{index}]")
    by_day: dict[tuple[str, str], int] = {}
    for index, assessment in enumerate(case.assessments):
        if assessment.at is None:
            continue
        day = (assessment.at, str(assessment.instrument))
        if day in by_day:
            yield Issue(
                "warning",
                "duplicate",
                f"assessments[{index}]",
                f"{assessment.instrument} stands twice at {assessment.at!r} "
                f"(also assessments[{by_day[day]}]): both are kept",
            )
        by_day.setdefault(day, index)


def _values(value: BaseModel, path: str) -> Iterator[tuple[str, Term | Moment | Span | Quantity]]:
    """Every term, moment, span and amount of a case, with its place in a file."""
    for name in type(value).model_fields:
        item = getattr(value, name)
        place = f"{path}.{name}" if path else name
        many = isinstance(item, tuple)
        for index, one in enumerate(item if many else (item,)):
            # The value of a fact stands at the fact's own place in a file.
            inner = path if name == "value" and path else f"{place}[{index}]" if many else place
            if isinstance(one, Term | Moment | Span | Quantity):
                yield inner, one
            elif isinstance(one, BaseModel):
                yield from _values(one, inner)


_CLOSED = frozenset({"instrument", "instrument-item", "region", "region-set", "diagnosis", "subtype"})
"""Categories that a case takes nearly always from: what is almost one of them was mistyped."""
_CLOSE = 0.75
_GRADE = re.compile(r"-?(?:\d+(?:\.\d+)?|[IVXivx]+)\Z")


def _misspelt(path: str, term: Term) -> Iterator[Issue]:
    if term.concept is None and term.text is not None and not term.codes and term.category in _CLOSED:
        near = _near(term.category, term.text)
        if near is not None:
            text = f"{term.text!r} is not known and goes out as text alone: is {near} meant?"
            yield Issue("warning", "code-invalid", path, text)
    elif term.category == "phototype" and term.concept is None and _GRADE.match(term.text or ""):
        text = f"there is no phototype {term.text}, Fitzpatrick's are I to VI (1 to 6): it goes out as text alone"
        yield Issue("warning", "code-invalid", path, text)


@lru_cache(maxsize=4096)
def _near(category: str, text: str) -> str | None:
    if len(text) > 60:
        return None
    names = {name.lower(): name for one in registry.concepts(category) for name in (one.key, *one.synonyms)}
    found = get_close_matches(text.lower(), names, 2, _CLOSE)
    return " or ".join(repr(names[name]) for name in found) or None


def _no_systems(path: str, term: Term) -> Iterator[Issue]:
    for index, code in enumerate(term.codes):
        if code.system is not None and ABSOLUTE_URI.match(code.system) is None:
            text = (
                f"the code system {code.system!r} is no URI: the code is kept, but no FHIR system can tell what it means; "
                "write the system's URI, such as http://hl7.org/fhir/sid/icd-10 or http://snomed.info/sct"
            )
            yield Issue("warning", "code-invalid", f"{path}.codes[{index}]", text)


def _date_in_words(path: str, moment: Moment, points: set[str]) -> Iterator[Issue]:
    if moment.text is None:
        return
    if DATE_LIKE.match(moment.text):
        text = (
            f"{moment.text!r} stands as words, not as a date: write one date, as precise as is known, such as 2024-03-05 or "
            "2024-03"
        )
        yield Issue("warning", "value", path, text)
    elif (point := moment.text.removeprefix("at ").strip()) in points:
        text = f"{moment.text!r} stands as words, not as that time point: write 0 d after {point}"
        yield Issue("warning", "value", path, text)


def _outside(path: str, span: Span, case: Case) -> Iterator[Issue]:
    source = case.source.text if case.source is not None else None
    if source is not None and span.end > len(source):
        text = f"the span [{span.start}, {span.end}] leads beyond the source's text, which has {len(source)} characters"
        yield Issue("warning", "value", path, text)


def _contradictions(path: str, term: Term) -> Iterator[Issue]:
    """Words and codes that the registry knows as different concepts, neither being more general."""
    meanings = list(term.meanings())
    if term.concept is not None:
        meanings.insert(0, ("concept", "", registry.concept(term.category, term.concept)))
    kept = "both are kept" if term.concept is not None else "both are kept, and neither goes out as a code"
    for number, (what, words, meant) in enumerate(meanings):
        other = next((one for one in meanings[:number] if contradict(one[2], meant)), None)
        if other is not None:
            first = "this is coded as" if other[0] == "concept" else f"the {other[0]} {other[1]!r} is"
            text = f"{first} {other[2].display}, the {what} {words!r} says {meant.display}: {kept}"
            yield Issue("warning", "business-rule", path, text)
