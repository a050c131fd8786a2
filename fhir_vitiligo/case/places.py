"""Where in a case file something stands that is told of a case long after it was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from fhir_vitiligo.case import yaml
from fhir_vitiligo.errors import Issue


def located(issues: Iterable[Issue], content: bytes, number: int) -> list[Issue]:
    """The issues with line and column in the text, of which the case they are about is the ``number``-th, from 0; in
    their order there.

    The text is read again for it: of a case that nothing is said of nobody needs places.
    """
    found = list(issues)
    if all(issue.line is not None for issue in found):
        return found
    cases = (one for one in yaml.documents(yaml.decode(content)) if one.data is not None or one.faults)
    document = next(islice(cases, number, None))
    placed = [_with_place(issue, document) for issue in found]
    return sorted(placed, key=lambda issue: (issue.line or 0, issue.column or 0))


def _with_place(issue: Issue, document: yaml.Document) -> Issue:
    if issue.line is not None or not issue.expression:
        return issue
    line, column = document.line_of(steps(issue.expression))
    return replace(issue, line=line, column=column)


def steps(expression: str) -> yaml.Path:
    """The path of ``assessments[0].total``."""
    path: list[str | int] = []
    for part in expression.split("."):
        word, *indexes = part.replace("]", "").split("[")
        path += [word, *(int(index) for index in indexes if index.isdigit())]
    return tuple(path)
