"""The server as a process: up at once, used over a socket, killed in the middle of writes."""

from __future__ import annotations

import asyncio
import inspect
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_vitiligo.errors import StorageError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.types import SEARCH_TYPES
from fhir_vitiligo.server.operations.table import HANDLERS
from fhir_vitiligo.server.run import serve
from fhir_vitiligo.storage.schema import index_table
from fhir_vitiligo.storage.sqlite import SqliteRepository
from fhir_vitiligo.storage.sqlite_index import rebuild_index

from .support import running_server

ROUNDS = 5
WRITERS = 4


def test_it_is_up_at_once_and_answers_over_a_socket(tmp_path: Path) -> None:
    with running_server(tmp_path / "store.sqlite") as server:
        assert server.cpu_seconds < 4, "about a second; a busy machine takes more for the same"
        posted = httpx.post(f"{server.base}/", json={"resourceType": "Bundle", "type": "transaction"})
        assert posted.status_code == 200, "no redirect, with a slash at the end"
        created = httpx.post(f"{server.base}/Patient", json={"resourceType": "Patient", "gender": "male"})
        assert created.status_code == 201
        assert created.headers["location"].startswith(f"{server.base}/Patient/")
        found = httpx.get(
            f"{server.base}/Patient", params={"gender": "male"}, headers={"Accept": "application/json"}
        )
        assert found.json()["total"] == 1
        assert httpx.get(f"{server.base}/metadata").json()["resourceType"] == "CapabilityStatement"
        server.popen.terminate()
        assert server.popen.wait(20) in (0, -15)
    with running_server(tmp_path / "store.sqlite") as server:
        assert httpx.get(f"{server.base}/Patient?gender=male").json()["total"] == 1


def test_the_command_takes_every_kind_of_setting(tmp_path: Path) -> None:
    options = (
        "validation=off",
        "check_targets=false",
        "default_count=1",
        "cors_origins=https://a.example, https://b.example",
    )
    with running_server(
        tmp_path / "store.sqlite", *(part for one in options for part in ("--set", one))
    ) as server:
        for _ in range(2):
            wrong = {
                "resourceType": "Patient",
                "gender": "x",
                "managingOrganization": {"reference": "Organization/x"},
            }
            assert httpx.post(f"{server.base}/Patient", json=wrong).status_code == 201
        found = httpx.get(f"{server.base}/Patient", headers={"Origin": "https://b.example"})
        assert (found.json()["total"], len(found.json()["entry"])) == (2, 1)
        assert found.headers["Access-Control-Allow-Origin"] == "https://b.example"


def test_a_server_starts_without_what_only_some_requests_need() -> None:
    """The validator, the mapper and FHIRPath take longer to load than all the rest."""
    code = (
        "import sys, fhir_vitiligo.server.run; "
        "print(*(name for name in ('validation', 'mapping.mapper', 'case', 'terminology.value_sets', 'fhir.fhirpath') "
        "if f'fhir_vitiligo.{name}' in sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert loaded.split() == []


def test_every_operation_is_there_when_it_is_called() -> None:
    for name, handler in HANDLERS.items():
        held = dict(zip(handler.__code__.co_freevars, handler.__closure__, strict=True))  # type: ignore[attr-defined]
        module, function = held["module"].cell_contents, held["name"].cell_contents
        loaded = import_module(f"fhir_vitiligo.server.operations.{module}")
        assert inspect.iscoroutinefunction(getattr(loaded, function)), name


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        serve(tmp_path / "nowhere" / "store.sqlite", port=0)


class Writer(threading.Thread):
    """Posts transactions of three resources until the server is gone; ``sent`` and ``acknowledged`` by
    their number.
    """

    def __init__(self, base: str, name: str) -> None:
        super().__init__(name=name)
        self.base = base
        self.sent: list[str] = []
        self.acknowledged: list[str] = []

    def run(self) -> None:
        with httpx.Client() as client:
            for number in range(100_000):
                stem = f"{self.name}-{number}"
                self.sent.append(stem)
                try:
                    answer = client.post(self.base, json=self.bundle(stem), timeout=20)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                self.acknowledged.append(stem)

    def bundle(self, stem: str) -> dict[str, Any]:
        resources: list[dict[str, Any]] = [
            {"resourceType": "Patient", "id": f"{stem}-0", "gender": "male", "name": [{"family": stem}]},
            *(
                {
                    "resourceType": "Observation",
                    "id": f"{stem}-{part}",
                    "status": "final",
                    "code": {"text": "a score"},
                    "subject": {"reference": f"Patient/{stem}-0"},
                    "effectiveDateTime": "2020-01-01",
                }
                for part in (1, 2)
            ),
        ]
        entries = [
            {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for one in resources
        ]
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def index_of(path: Path) -> dict[str, list[Any]]:
    connection = sqlite3.connect(path)
    try:
        return {
            kind.name: connection.execute(f"SELECT * FROM {index_table(kind)}").fetchall()
            for kind in SEARCH_TYPES.values()
        }
    finally:
        connection.close()


def test_killed_in_the_middle_of_writes_it_keeps_what_it_acknowledged_and_nothing_by_halves(
    tmp_path: Path,
) -> None:
    db = tmp_path / "store.sqlite"
    parameters = parameters_of(Release.R4)
    chance = random.Random(20261122)
    sent: list[str] = []
    acknowledged: list[str] = []
    for round_number in range(ROUNDS):
        with running_server(db) as server:
            writers = [Writer(server.base, f"r{round_number}w{number}") for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            while not any(writer.acknowledged for writer in writers):
                # The first write compiles the definitions it is checked against.
                assert any(writer.is_alive() for writer in writers)
                time.sleep(0.05)
            time.sleep(chance.uniform(0.5, 1.0))
            os.kill(server.popen.pid, 9)
            for writer in writers:
                writer.join()
                sent += writer.sent
                acknowledged += writer.acknowledged
        with SqliteRepository(db, parameters) as store:
            known = set(acknowledged)
            for stem in sent:
                kinds = ("Patient", "Observation", "Observation")
                there = [asyncio.run(store.read(kind, f"{stem}-{part}")) for part, kind in enumerate(kinds)]
                assert len({one is None for one in there}) == 1, f"{stem} is there by halves"
                assert stem not in known or there[0] is not None, f"{stem} was acknowledged and is lost"
        before = index_of(db)
        connection = sqlite3.connect(db, isolation_level=None)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.execute("BEGIN")
        rebuild_index(connection, parameters)
        connection.execute("COMMIT")
        connection.close()
        assert index_of(db) == before
    assert len(acknowledged) > ROUNDS * WRITERS
