"""A command's work on its inputs: piece by piece, telling what is wrong and handing on what comes out.

Work that is soon done is done right here: starting processes costs more than they save.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

from fhir_vitiligo.cli.inputs import Piece, Portion, Source, pieces_of, portions
from fhir_vitiligo.cli.options import cores
from fhir_vitiligo.cli.outcome import Done, Job, done
from fhir_vitiligo.cli.progress import Progress
from fhir_vitiligo.cli.reports import report
from fhir_vitiligo.errors import Issue

_PAYS = 0.1
"""Seconds of work for which processes are worth starting."""
_LARGE = 256 << 10
"""Bytes of one piece for which they are."""
COLLECTIONS = (50_000, 20, 50)
"""How seldom the garbage collector comes by, as :func:`gc.set_threshold` takes it."""


@contextmanager
def few_collections() -> Iterator[None]:
    """The garbage collector comes by seldom: what is read and made are trees, which are let go of without it, and
    looking through a large one again and again while it grows costs a fifth of the time.
    """
    kept = gc.get_threshold()
    gc.set_threshold(*COLLECTIONS)
    try:
        yield
    finally:
        gc.set_threshold(*kept)


def work(job: Job, coming: Iterable[Portion], jobs: int | None = None) -> Generator[Done]:
    """Each piece with its outcome, in the order of the pieces; over ``jobs`` processes, or all cores, once that pays."""
    coming = iter(coming)
    processes = jobs or cores()
    held = (yield from _until_it_pays(job, coming)) if processes > 1 else []
    if held:
        # Few inputs need no processes, and should not wait for what makes them.
        from fhir_vitiligo.cli.processes import over_processes

        yield from over_processes(job, chain(held, coming), processes)
    for portion in coming:
        for piece in pieces_of(portion):
            yield piece, done(job, piece)


def _until_it_pays(job: Job, coming: Iterator[Portion]) -> Generator[Done, None, list[Portion]]:
    """Work right here until there is enough to do for processes; what was taken and is not done."""
    spent, first = 0.0, True
    for portion in coming:
        if spent >= _PAYS or portion.weight > _LARGE:
            following = next(coming, None)
            if following is not None:
                return [portion, following]
        for piece in pieces_of(portion):
            started = time.perf_counter()
            outcome = done(job, piece)
            # Most of the first one's time goes into what is loaded for all.
            spent += 0.0 if first else time.perf_counter() - started
            first = False
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
        few_collections(),
        Progress(sum(source.size for source in sources), wanted=bar) as progress,
        closing(work(job, portions(sources), jobs)) as all_done,
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
