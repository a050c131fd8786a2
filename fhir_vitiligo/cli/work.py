"""A command's work on its inputs: piece by piece, telling what is wrong and handing on what comes out.

Work that is soon done is done right here: starting processes costs more than they save.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain
from typing import Any

from fhir_vitiligo.cli.inputs import Piece, Source, pieces
from fhir_vitiligo.cli.options import cores
from fhir_vitiligo.cli.outcome import Done, Job, done
from fhir_vitiligo.cli.progress import Progress
from fhir_vitiligo.cli.reports import report
from fhir_vitiligo.errors import Issue

_PAYS = 0.1
"""Seconds of work for which processes are worth starting."""
_LARGE = 256 << 10
"""Bytes of one piece for which they are."""


def work(job: Job, coming: Iterable[Piece], jobs: int | None = None) -> Generator[Done]:
    """Each piece with its outcome, in the order of the pieces; over ``jobs`` processes, or all cores, once that pays."""
    coming = iter(coming)
    processes = jobs or cores()
    held = (yield from _until_it_pays(job, coming)) if processes > 1 else []
    if held:
        # Few inputs need no processes, and should not wait for what makes them.
        from fhir_vitiligo.cli.processes import over_processes

        yield from over_processes(job, chain(held, coming), processes)
    for piece in coming:
        yield piece, done(job, piece)


def _until_it_pays(job: Job, coming: Iterator[Piece]) -> Generator[Done, None, list[Piece]]:
    """Work right here until there is enough to do for processes; the pieces that were taken and are not done."""
    spent = 0.0
    for number, piece in enumerate(coming):
        if spent >= _PAYS or piece.weight > _LARGE:
            following = next(coming, None)
            if following is not None:
                return [piece, following]
        started = time.perf_counter()
        outcome = done(job, piece)
        if number:
            # Most of the first one's time goes into what is loaded for all.
            spent += time.perf_counter() - started
        yield piece, outcome
    return []


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
    # Closed here: processes that still work must not outlive what is done with their work.
    with (
        Progress(sum(source.size for source in sources), wanted=bar) as progress,
        closing(work(job, pieces(sources), jobs)) as all_done,
    ):
        for piece, outcome in all_done:
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
