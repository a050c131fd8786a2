"""Work on many pieces over all cores: in the order of the pieces, in bounded memory, and whatever becomes of one of
them.

The pieces are dealt out in shares of about the same size, so that a few large files keep every core busy as well as
a million lines.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.outcome import Done, Job, Outcome, done, ended

_SHARE = 256 << 10
"""Bytes that go to a process at once, unless one piece alone is larger."""
_MOST = 64
"""Pieces that go to a process at once."""
_AHEAD = 8 << 20
"""Bytes under way for each process: while it works on something large, the others get on with what comes after."""

Share = list[Piece]


def over_processes(job: Job, coming: Iterable[Piece], processes: int) -> Iterator[Done]:
    """Each piece with its outcome, in the order of the pieces."""
    under_way: deque[tuple[Share, int, Future[list[Outcome]]]] = deque()
    ahead = 0
    with _Pool(processes) as pool:
        for share in _shares(coming):
            weight = sum(piece.weight for piece in share)
            under_way.append((share, weight, pool.submit(job, share)))
            ahead += weight
            while under_way and (under_way[0][2].done() or _is_full(len(under_way), ahead, processes)):
                ahead -= under_way[0][1]
                yield from _finished(pool, job, under_way)
        while under_way:
            yield from _finished(pool, job, under_way)


def _is_full(shares: int, ahead: int, processes: int) -> bool:
    """Whether what is under way has to be waited for before there is more of it."""
    return shares > 2 * processes and ahead > _AHEAD * processes


def _finished(
    pool: _Pool, job: Job, under_way: deque[tuple[Share, int, Future[list[Outcome]]]]
) -> Iterator[Done]:
    """The outcomes of the first share under way."""
    share, _, future = under_way.popleft()
    try:
        outcomes = future.result()
    except BrokenProcessPool:
        # Which piece it was, nobody knows: of all that were under way, each is worked on by itself.
        pool.renew()
        outcomes = pool.one_by_one(job, share)
        for number, (later, weight, _) in enumerate(under_way):
            alone: Future[list[Outcome]] = Future()
            alone.set_result(pool.one_by_one(job, later))
            under_way[number] = (later, weight, alone)
    yield from zip(share, outcomes, strict=True)


class _Pool:
    """The processes; ended at once when the work is broken off."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._before = set(multiprocessing.active_children())
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._processes, initializer=_settle)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=kind is not None)
        if kind is not None:
            # What they work on can take its time, and nobody waits for it any more.
            for process in set(multiprocessing.active_children()) - self._before:
                process.terminate()

    def submit(self, job: Job, share: Share) -> Future[list[Outcome]]:
        try:
            return self._pool.submit(_all_done, job, share)
        except BrokenProcessPool as error:
            broken: Future[list[Outcome]] = Future()
            broken.set_exception(error)
            return broken

    def renew(self) -> None:
        """New processes in the place of broken ones."""
        self._pool.shutdown()
        self._pool = self._started()

    def one_by_one(self, job: Job, share: Share) -> list[Outcome]:
        """The outcomes of pieces of which one may end its process."""
        outcomes: list[Outcome] = []
        for piece in share:
            try:
                outcomes += self.submit(job, [piece]).result()
            except BrokenProcessPool:
                self.renew()
                outcomes.append(ended(job, piece))
        return outcomes


def _settle() -> None:
    # Ctrl-C reaches every process of a terminal; the first one decides, the others need not say so too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _shares(coming: Iterable[Piece]) -> Iterator[Share]:
    share: Share = []
    size = 0
    for piece in coming:
        share.append(piece)
        size += piece.weight
        if len(share) >= _MOST or size >= _SHARE:
            yield share
            share, size = [], 0
    if share:
        yield share


def _all_done(job: Job, share: Share) -> list[Outcome]:
    return [done(job, piece) for piece in share]
