"""Work on many pieces: over all cores, in order, in bounded memory, with a progress bar where someone
watches.

Few pieces are worked on right here: starting processes costs more than they save.
"""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fhir_vitiligo.cli.inputs import Piece, Source, pieces
from fhir_vitiligo.cli.options import cores
from fhir_vitiligo.cli.reports import report
from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

_HERE = 64
"""So many pieces are worked on without further processes."""
_CHUNK, _CHUNK_BYTES = 64, 4 << 20
_AHEAD = 3
"""Chunks under way for each process."""
_PATIENCE = 1.0
"""Seconds before a progress bar appears."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a piece: ``outputs`` for what went through, ``issues`` to tell, and how many
    ``failed``.

    ``loose`` is the text of a FHIR resource that is no Bundle: it belongs together with the others of the
    input.
    """

    outputs: tuple[Any, ...] = ()
    issues: tuple[Issue, ...] = ()
    failed: int = 0
    loose: bytes | None = None


Job = Callable[[Piece], Outcome]


def work(job: Job, coming: Iterable[Piece], jobs: int | None = None) -> Iterator[tuple[Piece, Outcome]]:
    """Each piece with its outcome, in the order of the pieces. ``job`` goes to other processes, so it
    must be picklable.
    """
    coming = iter(coming)
    first = list(islice(coming, _HERE + 1))
    processes = jobs or cores()
    if len(first) <= _HERE or processes == 1:
        for piece in chain(first, coming):
            yield piece, _done(job, piece)
        return
    with _pool(processes) as pool:
        under_way: deque[tuple[list[Piece], Future[list[Outcome]]]] = deque()
        for chunk in _chunks(chain(first, coming)):
            under_way.append((chunk, pool.submit(_all_done, job, chunk)))
            if len(under_way) >= _AHEAD * processes:
                yield from _finished(under_way.popleft())
        while under_way:
            yield from _finished(under_way.popleft())


class _pool:  # noqa: N801 - a context manager
    """The processes; left without waiting for them when the work is broken off."""

    def __init__(self, processes: int) -> None:
        # Few inputs need no processes, and should not wait for what makes them.
        from concurrent.futures import ProcessPoolExecutor

        self._pool = ProcessPoolExecutor(processes, initializer=_settle)

    def __enter__(self) -> ProcessPoolExecutor:
        return self._pool

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=kind is not None)


def _settle() -> None:
    # Ctrl-C reaches every process of a terminal; the first one decides, the others need not say so too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _finished(one: tuple[list[Piece], Future[list[Outcome]]]) -> Iterator[tuple[Piece, Outcome]]:
    from concurrent.futures.process import BrokenProcessPool

    chunk, future = one
    try:
        yield from zip(chunk, future.result(), strict=True)
    except BrokenProcessPool:
        place = chunk[0].issue("")
        raise InputError(
            Issue(
                "error",
                "exception",
                "",
                "a process ended while it worked here, perhaps for want of memory",
                place.source,
                place.line,
            )
        ) from None


def _chunks(coming: Iterable[Piece]) -> Iterator[list[Piece]]:
    chunk: list[Piece] = []
    size = 0
    for piece in coming:
        chunk.append(piece)
        size += len(piece.content) if piece.content is not None else piece.consumed
        if len(chunk) >= _CHUNK or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _all_done(job: Job, chunk: list[Piece]) -> list[Outcome]:
    return [_done(job, piece) for piece in chunk]


def _done(job: Job, piece: Piece) -> Outcome:
    try:
        return job(piece)
    except FhirVitiligoError as error:
        return Outcome(issues=tuple(piece.placed(issue) for issue in error.issues), failed=1)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one case of a thousand: the others go through
        return Outcome(issues=(piece.placed(own_fault(error)),), failed=1)


def own_fault(error: Exception) -> Issue:
    """What is to be told of an exception that should not have been."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    text = f"a fault of this program, please report it: {type(error).__name__}: {error} ({place})"
    return Issue("error", "exception", "", text)


class Progress:
    """A bar on stderr: at a terminal only, once the work takes longer than a second, and off the way of
    other lines.
    """

    def __init__(self, total: int, *, wanted: bool) -> None:
        self._wanted = wanted and total > 0 and sys.stderr.isatty()
        self._total, self._started, self._waiting = total, time.monotonic(), 0
        self._bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def advance(self, size: int) -> None:
        """So much of the input is done."""
        if not self._wanted:
            return
        self._waiting += size
        if self._bar is None:
            if time.monotonic() - self._started < _PATIENCE:
                return
            self._bar = click.progressbar(length=self._total, file=sys.stderr, show_eta=True)
            self._bar.render_progress()
        self._bar.update(self._waiting)
        self._waiting = 0

    def clear(self) -> None:
        """Room for a line: the bar is drawn again below it."""
        if self._bar is not None:
            sys.stderr.write("\r\x1b[K")


def run(
    job: Job,
    sources: list[Source],
    take: Callable[[Piece, Any], None],
    jobs: int | None = None,
    *,
    bar: bool = True,
    tell: Callable[[tuple[Issue, ...]], None] = report,
    shows: Callable[[Any], bool] = lambda output: False,
) -> tuple[int, list[bytes]]:
    """Work on all sources: tell the issues, hand every output to ``take``. How many failed, and the loose
    resources. ``shows`` is whether ``take`` writes an output to the terminal that the bar is on.
    """
    failed = 0
    loose: list[bytes] = []
    with Progress(sum(source.size for source in sources), wanted=bar) as progress:
        for piece, outcome in work(job, pieces(sources), jobs):
            if outcome.issues or any(map(shows, outcome.outputs)):
                progress.clear()
            if outcome.issues:
                tell(outcome.issues)
            for output in outcome.outputs:
                take(piece, output)
            if outcome.loose is not None:
                loose.append(outcome.loose)
            failed += outcome.failed
            progress.advance(piece.consumed)
    return failed, loose
