"""A server that can be started in no time, killed, and starved; and what is to hold of its file afterwards."""

from __future__ import annotations

import multiprocessing
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.run import serve
from fhir_vitiligo.storage.sqlite_index import rebuild_index

# Children are forked from a process that has loaded the program, so that a round is not spent on loading it.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["fhir_vitiligo.server.run", "tests.server_faults.support"])


@dataclass(frozen=True)
class Server:
    process: BaseProcess
    base: str

    def kill(self) -> None:
        """As the power would go for it: no handler runs."""
        self.process.kill()
        self.process.join(20)
        assert self.process.exitcode == -9


@contextmanager
def running(db: Path) -> Iterator[Server]:
    """A server over the file, up when it is handed out; killed at the end if it is still there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = _CONTEXT.Process(target=serve, args=(db, "127.0.0.1", port), daemon=True)
    process.start()
    server = Server(process, f"http://127.0.0.1:{port}/fhir")
    try:
        _wait(server)
        yield server
    finally:
        if process.is_alive():
            server.kill()


def _wait(server: Server) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{server.base}/Patient?_count=0", timeout=30)
            return
        except httpx.TransportError:
            assert server.process.is_alive(), "the server ended before it was up"
            assert time.monotonic() < until, "the server did not come up within a minute"
            time.sleep(0.01)


def told(answer: httpx.Response) -> str:
    """The sentences of the OperationOutcome that the answer has to be."""
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", answer.text
    assert "Traceback" not in answer.text
    return "\n".join(issue["diagnostics"] for issue in outcome["issue"])


def copied(db: Path, folder: Path) -> Path:
    """A copy of the file and of its log, as another program would find them after a crash."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("", "-wal"):
        source = db.with_name(db.name + suffix)
        if source.exists():
            shutil.copy(source, folder / source.name)
    return folder / db.name


def check_file(db: Path) -> None:
    """SQLite finds no fault in the file, and the index is the one that would be made of the resources."""
    connection = sqlite3.connect(db, isolation_level=None)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        before = _index(connection)
        assert before
        connection.execute("BEGIN")
        rebuild_index(connection, parameters_of(Release.R4))
        again = _index(connection)
        connection.execute("ROLLBACK")
    finally:
        connection.close()
    for table, rows in before.items():
        assert rows == again[table], f"{table} is not what the resources say"


def _index(connection: sqlite3.Connection) -> dict[str, set[Any]]:
    """The rows of every table that is made of the resources."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, set[Any]] = {}
    for name in names:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        if {"resource", "parameter"} <= columns:
            found[name] = set(connection.execute(f"SELECT * FROM {name}"))
    return found
