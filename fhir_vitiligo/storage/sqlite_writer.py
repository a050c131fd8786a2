"""The one writer of an SQLite store: a thread that commits what has gathered while it committed before.

SQLite takes one writer at a time, and a durable commit waits for the disk. Writes that arrive while it
waits are done together in the next transaction, each in a savepoint of its own, and are acknowledged when
that is on the disk.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from fhir_vitiligo.errors import StorageError
from fhir_vitiligo.storage.repository import Session
from fhir_vitiligo.storage.sqlite_session import SqliteSession

_LARGEST_GROUP = 256


@dataclass(slots=True)
class _Job:
    work: Callable[[Session], Any]
    done: Future[Any] = field(default_factory=Future)


class Writer:
    """Owns the writing connection; :meth:`submit` may be called from any thread."""

    def __init__(self, session: SqliteSession) -> None:
        self._session = session
        self._connection = session.connection
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Session], Any]) -> Future[Any]:
        """The result of ``work`` once it is durable, or what it raised, or a :class:`StorageError`."""
        job = _Job(work)
        with self._closing:
            if self._closed:
                raise StorageError("the store is closed", code="exception")
            self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Does what was submitted, then ends."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        going_on = True
        while going_on:
            job = self._jobs.get()
            group: list[_Job] = []
            while job is not None:
                # A caller that has gone away is not waited for any more; its write was not begun.
                if job.done.set_running_or_notify_cancel():
                    group.append(job)
                if len(group) == _LARGEST_GROUP:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            going_on = job is not None
            if group:
                self._write(group)

    def _write(self, group: list[_Job]) -> None:
        outcomes = self._transaction(group)
        if outcomes is None and len(group) > 1:
            # One of them may be the reason, or the disk is full for all: each has a transaction of its own
            # to show it.
            for job in group:
                self._write([job])
            return
        assert outcomes is not None
        for job, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, _Raised):
                job.done.set_exception(outcome.error)
            else:
                job.done.set_result(outcome)

    def _transaction(self, group: list[_Job]) -> list[Any] | None:
        """What each job returned or raised, all of it durable; None when the database failed for more than
        one job.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._session.begun()
            outcomes = [self._job(job) for job in group]
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._abandon()
            return [_Raised(storage_error(error))] if len(group) == 1 else None
        except BaseException as error:  # noqa: BLE001 - the thread must outlive it, and the callers must be told
            self._abandon()
            return [_Raised(error) for _ in group]
        return outcomes

    def _job(self, job: _Job) -> Any:
        self._connection.execute("SAVEPOINT job")
        try:
            result = job.work(self._session)
            self._session.pending.flush()
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, the other jobs go on
            self._session.pending.clear()
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            return _Raised(error)
        self._connection.execute("RELEASE job")
        return result

    def _abandon(self) -> None:
        self._session.pending.clear()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


def storage_error(error: sqlite3.Error) -> StorageError:
    """What SQLite says, as an issue: a lock or a full disk passes (``transient``), the rest does not."""
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    match name.removeprefix("SQLITE_").partition("_")[0]:
        case "BUSY" | "LOCKED":
            return StorageError("the store is being written by another program: try again", code="lock-error")
        case "INTERRUPT":
            return StorageError("the search takes too long: narrow it down", code="too-costly")
        case "FULL":
            return StorageError("the disk of the store is full: nothing was written", code="no-store")
        case "READONLY" | "PERM" | "CANTOPEN":
            return StorageError(f"the store cannot be written: {error}", code="no-store")
        case "CORRUPT" | "NOTADB":
            return StorageError(f"the file of the store is damaged or is not one: {error}", code="exception")
        case _:
            return StorageError(f"the store failed: {error}", code="exception")
