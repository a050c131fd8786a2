"""Works that wait for the writer, and how their callers are told what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fhir_vitiligo.storage.repository import Session


@dataclass(slots=True)
class Job:
    """``loop``: the event loop that ``done`` belongs to, None for a caller that waits in a thread."""

    work: Callable[[Session], Any]
    done: Future[Any] | asyncio.Future[Any] = field(default_factory=Future)
    loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> bool:
        """False when the caller has gone away: it is not waited for any more, and its write was not begun."""
        if isinstance(self.done, Future):
            return self.done.set_running_or_notify_cancel()
        return not self.done.done()


@dataclass(frozen=True, slots=True)
class Raised:
    """In place of what a work returns: what it raised."""

    error: BaseException


def settle(group: Sequence[Job], outcomes: Sequence[Any]) -> None:
    """Tells the callers what became of their works."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Any]]] = {}
    for job, outcome in zip(group, outcomes, strict=True):
        if job.loop is None:
            _tell(job, outcome)
        else:
            by_loop.setdefault(job.loop, []).append((job, outcome))
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # it was closed: nobody is there to be told
            loop.call_soon_threadsafe(_tell_all, told)


def _tell_all(told: Sequence[tuple[Job, Any]]) -> None:
    for job, outcome in told:
        if not job.done.done():  # a caller that was cancelled while the commit was under way
            _tell(job, outcome)


def _tell(job: Job, outcome: Any) -> None:
    if isinstance(outcome, Raised):
        job.done.set_exception(outcome.error)
    else:
        job.done.set_result(outcome)
