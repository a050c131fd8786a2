"""What is to be said of a case that is well formed: numbers outside an instrument's range, totals
that disagree, words that say something else than the code beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel

from fhir_vitiligo.case import instruments
from fhir_vitiligo.case.coded import Term
from fhir_vitiligo.errors import Issue
from fhir_vitiligo.terminology import registry

if TYPE_CHECKING:
    from fhir_vitiligo.case.model import Case


def advise(case: Case) -> Iterator[Issue]:
    """Errors for what verified sources exclude, warnings for what deserves a look."""
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
    """Words that the registry knows as another concept than the term's, neither being more general."""
    if term.concept is None:
        return
    concept = registry.concept(term.category, term.concept)
    for text, what in ((term.text, "text"), *((code.display, "display of a code") for code in term.codes)):
        other = registry.recognise_text(term.category, text)
        if other is not None and concept.key not in _line(other) and other.key not in _line(concept):
            yield Issue(
                "warning",
                "business-rule",
                path,
                f"this is coded as {concept.display}, the {what} {text!r} says {other.display}: "
                "both are kept",
            )


def _line(concept: registry.Concept) -> set[str]:
    """The keys of a concept and of those that it is a kind of."""
    keys = {concept.key}
    while concept.parent is not None and concept.parent not in keys:
        keys.add(concept.parent)
        concept = registry.concept(concept.category, concept.parent)
    return keys
