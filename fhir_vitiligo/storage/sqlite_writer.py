"""The one writer of an SQLite store: what has gathered while it committed before is committed together.

SQLite takes one writer at a time, and a durable commit waits for the disk. Writes that arrive while it
waits are done together in the next transaction, and are acknowledged when that is on the disk. Each has a savepoint of its
own, or, when it is brief, gets one if one of them fails half-way: then they are done again.

A thread commits. It does the work too, but for what is brief and comes from an event loop: that the loop does
itself, because SQLite lets go of the interpreter at every step, and two threads that pass it to and fro for each
index row spend more on that than on the rows.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from fhir_vitiligo.errors import StorageError
from fhir_vitiligo.storage.repository import Session
from fhir_vitiligo.storage.sqlite_errors import storage_error
from fhir_vitiligo.storage.sqlite_jobs import Job, Raised, settle
from fhir_vitiligo.storage.sqlite_session import SqliteReader, SqliteSession

T = TypeVar("T")

_LARGEST_GROUP = 256
_LARGEST_BRIEF_GROUP = 32  # no request waits for more than some milliseconds of others' writes
_PATIENCE = 0.001  # seconds that a group waits for those who wrote together a moment ago


class _HalfDoneError(Exception):
    """A work failed that had written already, and what it has written cannot be told from what the others have."""


@dataclass(slots=True)
class _Begun:
    """A group whose transaction an event loop has filled, to be committed; without ``outcomes`` it could not fill it."""

    group: list[Job]
    outcomes: list[Any] | None


class Writer:
    """Owns the writing connection; :meth:`submit` may be called from any thread. ``lock_seconds``: how long another
    program that writes is waited for.
    """

    def __init__(self, session: SqliteSession, lock_seconds: float) -> None:
        self._session = session
        self._connection = session.connection
        self._reader = SqliteReader(session.connection, session.numbers)
        self._lock_milliseconds = int(lock_seconds * 1000)
        self._jobs: queue.SimpleQueue[Job | _Begun | None] = queue.SimpleQueue()
        # Guards the rest. Who sets `_busy` has the connection and the session to itself.
        self._guard = threading.Lock()
        self._busy = False
        self._closed = False
        self._brief: deque[Job] = deque()
        self._expected = 1  # how many write at once, as the last brief group showed
        self._timer: asyncio.TimerHandle | None = None
        self._wait_for_lock(0)
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Session], Any]) -> Future[Any]:
        """The result of ``work`` once it is durable, or what it raised, or a :class:`StorageError`."""
        done: Future[Any] = Future()
        with self._guard:
            self._check_open()
            self._jobs.put(Job(work, done))
        return done

    def submit_brief(self, work: Callable[[Session], Any]) -> asyncio.Future[Any]:
        """The same for ``work`` that takes no longer than a resource does, from within an event loop."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        with self._guard:
            self._check_open()
            is_first = not self._brief or self._brief[0].loop is not loop
            self._brief.append(Job(work, done, loop))
            if self._busy:
                pass  # who has the connection sees to it
            elif is_first:
                loop.call_soon(self._gathered, loop, 1)
            elif self._timer is not None and len(self._brief) >= min(self._expected, _LARGEST_BRIEF_GROUP):
                loop.call_soon(self._fill)
        return done

    def reading(self, read: Callable[[SqliteReader], T]) -> T | None:
        """What ``read`` finds by the writing connection, which has what was written last at hand, where others drop all they
        hold with every commit. None, at once, where a write has the connection, or the database fails.
        """
        if not self._guard.acquire(blocking=False):
            return None
        try:
            return None if self._busy or self._closed else read(self._reader)
        except sqlite3.Error:
            return None
        finally:
            self._guard.release()

    def close(self) -> None:
        """Does what was submitted, then ends."""
        with self._guard:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the store is closed", code="exception")

    # In an event loop

    def _gathered(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        """Begins, unless works still come in with every turn of the loop, or those are missing that came with the group
        before: together they cost one commit, of which each page is written once. ``before``: how many waited a turn ago.
        """
        count = len(self._brief)
        if before == 0:
            self._expected += count  # others than those of the group that has just been done
        if before < count < _LARGEST_BRIEF_GROUP:
            loop.call_soon(self._gathered, loop, count)
        elif count < min(self._expected, _LARGEST_BRIEF_GROUP) and self._timer is None:
            self._timer = loop.call_later(_PATIENCE, self._fill)
        else:
            self._fill()

    def _fill(self) -> None:
        """Does the brief works that wait, up to the commit."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self._guard:
            if self._busy or not self._brief:
                return
            self._busy = True
            group = self._take_brief()
            self._expected = len(group)
        outcomes = None
        try:
            # A lock is not waited for here, nor is an error looked into: that is the thread's part.
            outcomes = self._filled(group)
        except sqlite3.Error:
            self._abandon()
        except BaseException as error:  # noqa: BLE001 - as in _transaction
            self._abandon()
            outcomes = [Raised(error) for _ in group]
        self._jobs.put(_Begun(group, outcomes))

    def _take_brief(self) -> list[Job]:
        count = min(len(self._brief), _LARGEST_BRIEF_GROUP)
        return [job for job in (self._brief.popleft() for _ in range(count)) if job.begin()]

    # In the thread

    def _run(self) -> None:
        waiting: deque[Job] = deque()
        going_on = True
        while going_on or self._busy:
            one = None  # what was done last is not held on to until something else comes
            one = self._jobs.get()
            is_begun = isinstance(one, _Begun)
            if isinstance(one, _Begun):
                self._end(one)
            elif one is None:
                going_on = False
            else:
                waiting.append(one)
            with self._guard:
                if self._busy and not is_begun:
                    continue  # an event loop has the connection: what it has begun is still to come
                self._busy = True
            while waiting or not self._jobs.empty():
                going_on = self._gather(waiting) and going_on
                self._write([job for job in waiting if job.begin()])
                waiting.clear()
            if not going_on:
                while self._brief:
                    self._write(self._take_brief())
            self._release()

    def _gather(self, waiting: deque[Job]) -> bool:
        """Adds what has been submitted meanwhile; False when that is the end."""
        while len(waiting) < _LARGEST_GROUP:
            try:
                one = self._jobs.get_nowait()
            except queue.Empty:
                break
            if one is None:
                return False
            assert isinstance(one, Job)  # event loops begin nothing while the connection is this thread's
            waiting.append(one)
        return True

    def _release(self) -> None:
        """Gives the connection back, first of all to the event loop that waits for it."""
        while True:
            with self._guard:
                self._busy = False
                loop = self._brief[0].loop if self._brief else None
            if loop is None:
                return
            try:
                loop.call_soon_threadsafe(self._gathered, loop, 0)
                return
            except RuntimeError:  # it was closed: nobody waits for its writes any more
                with self._guard:
                    self._brief = deque(job for job in self._brief if job.loop is not loop)

    def _end(self, begun: _Begun) -> None:
        """Commits what an event loop has begun."""
        outcomes = begun.outcomes
        if outcomes is not None and self._connection.in_transaction:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                self._abandon()
                outcomes = None
        if outcomes is None:
            self._write(begun.group)
        else:
            settle(begun.group, outcomes)

    def _write(self, group: list[Job]) -> None:
        if not group:
            return
        outcomes = self._transaction(group)
        if outcomes is not None:
            settle(group, outcomes)
            return
        # One of them may be the reason, or the disk is full for all: each has a transaction of its own
        # to show it.
        for job in group:
            self._write([job])

    def _transaction(self, group: list[Job]) -> list[Any] | None:
        """What each job returned or raised, all of it durable; None when the database failed for more than
        one job.
        """
        try:
            outcomes = self._filled(group, self._lock_milliseconds)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._abandon()
            raised = storage_error(error)
            # Another program's lock was waited for once: it would be the same for each of them.
            is_for_all = len(group) == 1 or raised.issues[0].code == "lock-error"
            return [Raised(raised) for _ in group] if is_for_all else None
        except BaseException as error:  # noqa: BLE001 - the thread must outlive it, and the callers must be told
            self._abandon()
            return [Raised(error) for _ in group]
        return outcomes

    # In either

    def _filled(self, group: list[Job], lock_milliseconds: int = 0) -> list[Any]:
        """What each job returned or raised, in a transaction that is still to be committed."""
        self._begin(lock_milliseconds)
        try:
            if any(job.loop is None for job in group):
                outcomes = [self._apart(job) for job in group]
            else:
                outcomes = [self._at_once(job) for job in group]
        except _HalfDoneError:
            self._abandon()
            self._begin(lock_milliseconds)
            outcomes = [self._apart(job) for job in group]
        self._session.pending.flush()
        return outcomes

    def _begin(self, lock_milliseconds: int) -> None:
        if lock_milliseconds:
            self._wait_for_lock(lock_milliseconds)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            if lock_milliseconds:
                self._wait_for_lock(0)
        self._session.begun()

    def _at_once(self, job: Job) -> Any:
        """A brief work without a savepoint, for which SQLite copies every page that is written: what fails has hardly ever
        written before. :class:`_HalfDoneError` when it has.
        """
        before = self._connection.total_changes
        try:
            return job.work(self._session)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, the other jobs go on
            if self._connection.total_changes != before:
                raise _HalfDoneError from None
            return Raised(error)

    def _apart(self, job: Job) -> Any:
        """A work in a savepoint of its own."""
        self._connection.execute("SAVEPOINT job")
        self._session.pending.mark()
        try:
            result = job.work(self._session)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._session.back_to_mark()
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            return Raised(error)
        self._connection.execute("RELEASE job")
        return result

    def _abandon(self) -> None:
        self._session.forget()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _wait_for_lock(self, milliseconds: int) -> None:
        self._connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
