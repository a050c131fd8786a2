"""Work on many pieces over all cores: in the order of the pieces, in bounded memory, and whatever becomes of one of
them.

The pieces are dealt out in shares of about the same size, so that a few large files keep every core busy as well as
a million lines.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain

from fhir_vitiligo.cli.inputs import Portion, pieces_of
from fhir_vitiligo.cli.outcome import Done, Job, done, ended
from fhir_vitiligo.cli.work import COLLECTIONS

_SHARE = 256 << 10
"""Bytes that go to a process at once, unless one piece alone is larger."""
_MOST = 64
"""Pieces that go to a process at once."""
_AHEAD = 8 << 20
"""Bytes under way for each process: while it works on something large, the others get on with what comes after."""

Share = list[Portion]
UnderWay = deque[tuple[Share, int, Future[list[Done]]]]
"""Shares with their bytes and what will become of them, in their order."""


def over_processes(job: Job, coming: Iterable[Portion], processes: int) -> Iterator[Done]:
    """Each piece with its outcome, in the order of the pieces."""
    under_way: UnderWay = deque()
    ahead = 0
    with _Pool(processes) as pool:
        for share in _shares(coming):
            weight = sum(portion.weight for portion in share)
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


def _finished(pool: _Pool, job: Job, under_way: UnderWay) -> list[Done]:
    """The outcomes of the first share under way."""
    try:
        outcomes = under_way[0][2].result()
    except BrokenProcessPool:
        # Which piece it was, nobody knows: of all that were under way, each is worked on by itself.
        pool.renew()
        for number, (share, weight, _) in enumerate(under_way):
            alone: Future[list[Done]] = Future()
            alone.set_result(pool.one_by_one(job, share))
            under_way[number] = (share, weight, alone)
        outcomes = under_way[0][2].result()
    under_way.popleft()
    return outcomes


class _Pool:
    """The processes; ended at once when the work is broken off."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._before = set(multiprocessing.active_children())
        self._pool = self._started()

    def _started(self) -> ProcessPoolExecutor:
        with _deaf():
            pool = ProcessPoolExecutor(self._processes, initializer=_settle)
            # Makes the processes.
            pool.submit(os.getpid)
        return pool

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            # What they work on can take its time, and nobody waits for it any more.
            for process in set(multiprocessing.active_children()) - self._before:
                process.terminate()
        self._pool.shutdown(cancel_futures=kind is not None)

    def submit(self, job: Job, share: Share) -> Future[list[Done]]:
        try:
            return self._pool.submit(_all_done, job, share)
        except BrokenProcessPool as error:
            broken: Future[list[Done]] = Future()
            broken.set_exception(error)
            return broken

    def renew(self) -> None:
        """New processes in the place of broken ones."""
        self._pool.shutdown()
        self._pool = self._started()

    def one_by_one(self, job: Job, share: Share) -> list[Done]:
        """The outcomes of pieces of which one may end its process."""
        outcomes: list[Done] = []
        for piece in chain.from_iterable(map(pieces_of, share)):
            try:
                outcomes += self.submit(job, [piece]).result()
            except BrokenProcessPool:
                self.renew()
                outcomes.append((piece, ended(job, piece)))
        return outcomes


@contextmanager
def _deaf() -> Iterator[None]:
    """Ctrl-C is heard afterwards: Python drops an exception that comes up while a process is forked."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _settle() -> None:
    gc.set_threshold(*COLLECTIONS)
    # Ctrl-C reaches every process of a terminal; the first one decides, the others need not say so too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _shares(coming: Iterable[Portion]) -> Iterator[Share]:
    share: Share = []
    size = 0
    for portion in coming:
        share.append(portion)
        size += portion.weight
        if len(share) >= _MOST or size >= _SHARE:
            yield share
            share, size = [], 0
    if share:
        yield share


def _all_done(job: Job, share: Share) -> list[Done]:
    # What was read stays here: nobody needs it any more.
    return [
        (piece._replace(content=None), done(job, piece)) for portion in share for piece in pieces_of(portion)
    ]
