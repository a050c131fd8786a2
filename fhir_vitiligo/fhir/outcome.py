"""Issues as an OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.json import Json

ALL_OK = Issue("information", "informational", "", "All OK: nothing to report.")


def operation_outcome(issues: Iterable[Issue]) -> Json:
    """An OperationOutcome that tells ``issues`` in order; a plain success when there is none.

    ``text`` goes to ``diagnostics`` and to ``details.text`` (clients show one or the other). A known line
    and column are told in ``diagnostics`` as well, because R4 has no element left for them (``location`` is
    deprecated).
    """
    told = [_issue(issue) for issue in issues] or [_issue(ALL_OK)]
    return {"resourceType": "OperationOutcome", "issue": told}


def _issue(issue: Issue) -> Json:
    place = ":".join(str(part) for part in (issue.source, issue.line, issue.column) if part is not None)
    element: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": issue.text},
        "diagnostics": f"{place}: {issue.text}" if place else issue.text,
    }
    if issue.expression:
        element["expression"] = [issue.expression]
    return element
