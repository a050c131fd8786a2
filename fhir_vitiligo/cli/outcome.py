"""What becomes of one piece of work, in the words that go from one process to another."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.errors import FhirVitiligoError, Issue


class Outcome(NamedTuple):
    """What became of a piece: ``outputs`` for what went through, ``issues`` to tell, and how many
    ``failed``.

    ``loose`` is the text of a FHIR resource that is no Bundle: it belongs together with the others of the
    input. A tuple, because a million of them are pickled.
    """

    outputs: tuple[Any, ...] = ()
    issues: tuple[Issue, ...] = ()
    failed: int = 0
    loose: bytes | None = None


Done = tuple[Piece, Outcome]


class Job(Protocol):
    """What is done to a piece; picklable, because it goes to every process. One that has outputs for what failed, too,
    says in ``ended(piece, issue)`` what they are where the process itself ended.
    """

    def __call__(self, piece: Piece, /) -> Outcome:
        """The outcome of one piece."""


def done(job: Job, piece: Piece) -> Outcome:
    """The outcome of a piece, whatever its job raises."""
    try:
        return job(piece)
    except FhirVitiligoError as error:
        return Outcome(issues=tuple(piece.placed(issue) for issue in error.issues), failed=1)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one case of a thousand: the others go through
        return Outcome(issues=(piece.placed(own_fault(error)),), failed=1)


def ended(job: Job, piece: Piece) -> Outcome:
    """The outcome of a piece that ended the process which worked on it."""
    issue = Issue(
        "error", "exception", "", "the process that worked on this ended, perhaps for want of memory"
    )
    told: Outcome = getattr(job, "ended", _failed)(piece, piece.placed(issue))
    return told


def _failed(piece: Piece, issue: Issue) -> Outcome:
    return Outcome(issues=(issue,), failed=1)


def own_fault(error: Exception) -> Issue:
    """What is to be told of an exception that should not have been."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    text = f"a fault of this program, please report it: {type(error).__name__}: {error} ({place})"
    return Issue("error", "exception", "", text)
