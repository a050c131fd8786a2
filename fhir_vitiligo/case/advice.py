"""What is to be said of a case that is well formed: numbers outside an instrument's range, totals that disagree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fhir_vitiligo.case import instruments
from fhir_vitiligo.errors import Issue

if TYPE_CHECKING:
    from fhir_vitiligo.case.model import Case


def advise(case: Case) -> Iterator[Issue]:
    """Errors for what verified sources exclude, warnings for what deserves a look."""
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
                f"{assessment.instrument} stands twice at {assessment.at!r} (also assessments[{by_day[day]}]): both are kept",
            )
        by_day.setdefault(day, index)
