"""What can go wrong, and how it is told.

An error is data (:class:`Issue`) until it reaches an edge: the command line prints it, the server makes it an
``OperationOutcome.issue``. Exceptions carry issues::

    FhirVitiligoError
    ├── InputError          a file or body that cannot be read as what it claims to be (JSON, YAML, encoding, size, depth)
    │   ├── CaseError       a case file with faults: every fault of it, at once
    │   └── FHIRPathError   an expression that cannot be read or evaluated (fhir/fhirpath)
    ├── ReleaseError        a FHIR release that is not R4, R4B or R5
    ├── MappingError        a case or resource that no map can carry
    ├── TerminologyError    a concept or code the registry does not hold, or may not emit
    └── StorageError        the store cannot do what was asked
        ├── NotFoundError   no such resource
        └── ConflictError   a version or id that does not fit what is stored
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing to tell the user.

    ``code`` is a code of FHIR's issue-type value set (https://hl7.org/fhir/R4/valueset-issue-type.html).
    ``expression`` names the place: a FHIRPath for a resource, a dotted path for a case file. ``text`` is a whole
    sentence that says what is wrong and what would be right. ``source``, ``line`` and ``column`` (from 1) are set
    where the text of the input is known.
    """

    severity: Severity
    code: str
    expression: str
    text: str
    source: str | None = None
    line: int | None = None
    column: int | None = None
    rule: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.source, self.line, self.column) if part is not None)
        head = " ".join(part for part in (place, self.expression) if part)
        return f"{head}: {self.text}" if head else self.text


class FhirVitiligoError(Exception):
    """Root of all errors of this package. ``issues`` holds what happened, at least one."""

    def __init__(
        self, problem: str | Issue | Iterable[Issue], *, code: str = "processing", expression: str = ""
    ) -> None:
        if isinstance(problem, str):
            issues: Sequence[Issue] = (Issue("error", code, expression, problem),)
        elif isinstance(problem, Issue):
            issues = (problem,)
        else:
            issues = tuple(problem)
        self.issues: tuple[Issue, ...] = tuple(issues)
        super().__init__("\n".join(str(issue) for issue in self.issues))

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders when many inputs run over all cores.
        return (type(self), (self.issues,))


class InputError(FhirVitiligoError):
    """The text cannot be read as what it claims to be."""


class CaseError(InputError):
    """A case file with faults; ``issues`` lists every one with path and, where known, line."""


class ReleaseError(FhirVitiligoError):
    """Not a FHIR release this package speaks."""


class MappingError(FhirVitiligoError):
    """No map can carry this."""


class TerminologyError(FhirVitiligoError):
    """A concept or code that the registry does not hold, or may not emit."""


class StorageError(FhirVitiligoError):
    """The store cannot do what was asked."""


class NotFoundError(StorageError):
    """No such resource."""


class ConflictError(StorageError):
    """A version or id that does not fit what is stored."""
