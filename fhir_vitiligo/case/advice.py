"""What is to be said of a case that is well formed: numbers outside an instrument's range, totals
that disagree, words that say something else than the code beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from fhir_vitiligo.case import instruments
from fhir_vitiligo.case.coded import Term, contradict
from fhir_vitiligo.errors import Issue
from fhir_vitiligo.terminology import registry

if TYPE_CHECKING:
    from fhir_vitiligo.case.model import Case


def advise(case: Case) -> Iterator[Issue]:
    """Warnings, of what deserves a look."""
    for path, term in _terms(case, ""):
        yield from _contradictions(path, term)
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


def _terms(value: BaseModel, path: str) -> Iterator[tuple[str, Term]]:
    for name in type(value).model_fields:
        item = getattr(value, name)
        place = f"{path}.{name}" if path else name
        many = isinstance(item, tuple)
        for index, one in enumerate(item if many else (item,)):
            # The value of a fact stands at the fact's own place in a file.
            inner = path if name == "value" and path else f"{place}[{index}]" if many else place
            if isinstance(one, Term):
                yield inner, one
            elif isinstance(one, BaseModel):
                yield from _terms(one, inner)


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
