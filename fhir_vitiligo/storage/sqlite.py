"""The store in one SQLite file (https://www.sqlite.org/wal.html).

Reads go straight to the file from the thread that asks (the event loop: a read takes microseconds, a hop to
a thread more) and never wait for the writer. A write returns when it is on the disk.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from fhir_vitiligo.errors import ConflictError, StorageError
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import SearchQuery
from fhir_vitiligo.storage.migrations import check_ours, migrate
from fhir_vitiligo.storage.repository import HistoryPage, HistoryQuery, Page, Session, StoredVersion
from fhir_vitiligo.storage.sqlite_errors import storage_error
from fhir_vitiligo.storage.sqlite_index import Numbers, prepare_index
from fhir_vitiligo.storage.sqlite_parameters import IndexedParameters
from fhir_vitiligo.storage.sqlite_reindex import Scope, finish, index_batch, last_key, take_in
from fhir_vitiligo.storage.sqlite_searches import keep_search, kept_search
from fhir_vitiligo.storage.sqlite_session import SqliteReader, SqliteSession
from fhir_vitiligo.storage.sqlite_writer import Writer

T = TypeVar("T")
P = ParamSpec("P")

_OLDEST = (3, 37, 0)  # STRICT tables
_LOCK_SECONDS = 10
_LOOK_SECONDS = 1.0
_CHECK_EVERY = 10_000  # steps of SQLite's machine between two looks at the clock
# What a connection holds of the file. A search walks many pages, and is a tenth faster where they are mapped; a write
# touches a few, and what the writer once had of a large Bundle would stay in memory for good.
_HELD_TO_READ = {
    "cache_size": -8_000,  # KiB
    # all of a small store; of a large one it would only look like memory in use
    "mmap_size": 16 * 1024 * 1024,
}
_HELD_TO_WRITE = {"cache_size": -4_000, "mmap_size": 0}
_log = logging.getLogger(__name__)


class SqliteRepository:
    """A :class:`~fhir_vitiligo.storage.repository.Repository` in the file ``path``, made if it is not there.

    A read that takes longer than ``read_seconds`` is given up, because it holds up all the others.
    :class:`StorageError` says why a file cannot be used. Close it, or use it as a context manager.
    """

    def __init__(self, path: Path | str, parameters: Parameters, *, read_seconds: float = 5.0) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            raise StorageError(
                f"SQLite {sqlite3.sqlite_version} is too old: this store needs {'.'.join(map(str, _OLDEST))}",
                code="not-supported",
            )
        self.path = Path(path)
        self._official = parameters
        self._reindexing = False
        self._look_at = 0.0
        self._read_seconds = read_seconds
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        try:
            self._check_ours()
            connection = self._connect(_HELD_TO_WRITE)
            migrate(connection)
            self._known = IndexedParameters(connection, parameters)
            if prepare_index(connection, self._known.indexed):
                _log.info("the search index of %s was made", self.path)
            self._numbers = Numbers(connection)
        except sqlite3.Error as error:
            raise StorageError(
                f"{self.path}: {storage_error(error).issues[0].text}", code="exception"
            ) from error
        except StorageError as error:
            raise StorageError(
                replace(issue, text=f"{self.path}: {issue.text}") for issue in error.issues
            ) from None
        self._writer = Writer(SqliteSession(connection, self._numbers, self._known), _LOCK_SECONDS)

    @property
    def parameters(self) -> Parameters:
        """What can be searched by, as of a second ago where another program changes that."""
        now = time.monotonic()
        # While a write is under way no other program changes anything, and what fails is told by what is asked next.
        if now >= self._look_at and self._writer.reading(self._look):
            self._look_at = now + _LOOK_SECONDS
        return self._known.searched

    def _look(self, reader: SqliteReader) -> bool:
        self._known.look(reader.connection, self._numbers)
        return True

    def __enter__(self) -> SqliteRepository:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    async def read(self, resource_type: str, id: str) -> StoredVersion | None:
        found = self._writer.reading(lambda reader: reader.read(resource_type, id))
        return self._reading(SqliteReader.read, resource_type, id) if found is None else found

    async def read_version(self, resource_type: str, id: str, version: int) -> StoredVersion | None:
        return self._reading(SqliteReader.read_version, resource_type, id, version)

    async def history(self, resource_type: str, id: str) -> tuple[StoredVersion, ...]:
        return self._reading(SqliteReader.history, resource_type, id)

    async def versions(self, query: HistoryQuery) -> HistoryPage:
        return self._reading(SqliteReader.versions, query)

    async def search(self, query: SearchQuery) -> Page:
        return self._reading(SqliteReader.search, query)

    async def keep_search(self, asked: str) -> str:
        return await self._in_writer(lambda session: keep_search(session.connection, asked, time.time()))

    async def kept_search(self, key: str) -> str | None:
        return self._reading(lambda reader: kept_search(reader.connection, key))

    async def reindex(self, resource_type: str | None = None, id: str | None = None) -> int:
        if self._reindexing:
            raise ConflictError("the index is being made again already: wait for that", code="conflict")
        self._reindexing = True
        try:
            return await self._reindex(resource_type, id)
        finally:
            self._reindexing = False

    async def _reindex(self, resource_type: str | None, id: str | None) -> int:
        before = made = self._known.indexed
        if id is None:

            def begin(session: SqliteSession) -> Parameters:
                taken = take_in(session.connection, self._official, self._numbers, resource_type)
                self._known.began(session.connection, taken)
                return taken

            made = await self._in_writer(begin)
        # What is written from now on has its rows already: to wait for that too would never end.
        last = await self._in_writer(lambda session: last_key(session.connection))
        after, count, done = 0, 0, 1
        while done:
            scope = (resource_type, id, after, last)
            after, done = await self._in_writer(partial(self._batch, made, scope))
            count += done
        if id is None:
            await self._in_writer(lambda session: finish(session.connection, self._numbers, before, made))
            self._known.finished()
        return count

    def _batch(self, made: Parameters, scope: Scope, session: SqliteSession) -> tuple[int, int]:
        return index_batch(session.connection, self._numbers, made, scope)

    async def _in_writer(self, work: Callable[[SqliteSession], T]) -> T:
        return await self.write(cast(Callable[[Session], T], work))

    async def write(self, work: Callable[[Session], T], *, brief: bool = False) -> T:
        done: T
        if brief:
            done = await self._writer.submit_brief(work)
        else:
            # Shielded: a client that hangs up must not leave it open whether the write was done.
            done = await asyncio.shield(asyncio.wrap_future(self._writer.submit(work)))
        return done

    def run(self, work: Callable[[Session], T]) -> T:
        return cast(T, self._writer.submit(work).result())

    def close(self) -> None:
        self._writer.close()
        for connection in self._readers:
            connection.close()
        self._readers.clear()

    def _reading(
        self, read: Callable[Concatenate[SqliteReader, P], T], *args: P.args, **named: P.kwargs
    ) -> T:
        reader: SqliteReader | None = getattr(self._local, "reader", None)
        try:
            if reader is None:
                connection = self._connect(_HELD_TO_READ)
                connection.execute("PRAGMA query_only = ON")
                connection.set_progress_handler(self._too_late, _CHECK_EVERY)
                self._readers.append(connection)
                reader = self._local.reader = SqliteReader(connection, self._numbers)
            self._local.deadline = time.monotonic() + self._read_seconds
            return read(reader, *args, **named)
        except sqlite3.Error as error:
            raise storage_error(error) from error

    def _too_late(self) -> bool:
        return time.monotonic() > float(self._local.deadline)

    def _check_ours(self) -> None:
        """Before the first connection that may write: to be made a store is a change that another program's file keeps."""
        if self.path.is_file() and self.path.stat().st_size:
            address = f"{self.path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS)) as connection:
                check_ours(connection)

    def _connect(self, held: Mapping[str, int]) -> sqlite3.Connection:
        # Connections are closed by the thread that closes the store, hence check_same_thread.
        connection = sqlite3.connect(
            self.path,
            timeout=_LOCK_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        pragmas: dict[str, Any] = {
            "journal_mode": "WAL",
            "synchronous": "FULL",  # a commit is on the disk when it returns
            "foreign_keys": "OFF",  # checked by what writes; the declarations document the tables
            "temp_store": "MEMORY",
            "wal_autocheckpoint": 10_000,  # pages: one that is changed often is written back once
            **held,
        }
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")
        return connection
