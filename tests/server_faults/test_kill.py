"""`kill -9` at random moments under concurrent writers: what was acknowledged is there, and nothing by halves.

FHIR_VITILIGO_KILLS sets how often (24 in the suite).
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.query import Limits, parse_query
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import check_file, running

KILLS = int(os.environ.get("FHIR_VITILIGO_KILLS", "24"))
_CHECK_EVERY = 8
"""Kills after which the whole file and its index are looked at; what was acknowledged is after each."""


@dataclass
class Record:
    """What was asked of the server and what it acknowledged."""

    transactions: dict[str, bool] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    counters: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By id: the last value that was acknowledged, and the last that was sent."""
    deleted: dict[str, bool] = field(default_factory=dict)
    once: dict[str, set[str]] = field(default_factory=dict)
    """By identifier: the ids that conditional creates were told."""

    def words(self) -> int:
        """How many writes were acknowledged."""
        counted = sum(value for value, _ in list(self.counters.values()))
        done = sum(list(self.transactions.values())) + sum(list(self.deleted.values()))
        return counted + done + len(self.created) + len(self.once)


class Writer(threading.Thread):
    """Writes until the server is gone."""

    def __init__(self, base: str, name: str, record: Record) -> None:
        super().__init__(name=name, daemon=True)
        self.base = base
        self.record = record
        self.wrong: list[str] = []

    def run(self) -> None:
        with httpx.Client(timeout=20) as client:
            try:
                for number in range(100_000):
                    self.write(client, number)
            except httpx.TransportError:
                return

    def write(self, client: httpx.Client, number: int) -> None:
        raise NotImplementedError

    def check(self, answer: httpx.Response, *statuses: int) -> None:
        if answer.status_code not in statuses:
            self.wrong.append(
                f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}"
            )


class Transactions(Writer):
    """A patient and two observations that refer to it, each by PUT."""

    def write(self, client: httpx.Client, number: int) -> None:
        stem = f"{self.name}-{number}"
        self.record.transactions[stem] = False
        answer = client.post(
            self.base, json={"resourceType": "Bundle", "type": "transaction", "entry": list(entries(stem))}
        )
        self.check(answer, 200)
        self.record.transactions[stem] = answer.status_code == 200


def entries(stem: str) -> Iterator[dict[str, Any]]:
    patient = {"resourceType": "Patient", "id": f"{stem}-0", "gender": "male", "name": [{"family": stem}]}
    observations = [
        {
            "resourceType": "Observation",
            "id": f"{stem}-{part}",
            "status": "final",
            "code": {"text": "Score"},
            "subject": {"reference": f"Patient/{stem}-0"},
            "effectiveDateTime": "2020-01-01",
        }
        for part in (1, 2)
    ]
    for one in (patient, *observations):
        yield {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}


class Creates(Writer):
    def write(self, client: httpx.Client, number: int) -> None:
        answer = client.post(
            f"{self.base}/Patient", json={"resourceType": "Patient", "name": [{"family": self.name}]}
        )
        self.check(answer, 201)
        self.record.created.append(answer.json()["id"])


class Counts(Writer):
    """One resource again and again, each time with a number one higher and the version it read."""

    def write(self, client: httpx.Client, number: int) -> None:
        acknowledged, _ = self.record.counters.get(self.name, (0, 0))
        value = number + 1
        self.record.counters[self.name] = (acknowledged, value)
        patient = {"resourceType": "Patient", "id": self.name, "multipleBirthInteger": value}
        headers = {"If-Match": f'W/"{number}"'} if number else {"If-None-Match": "*"}
        answer = client.put(f"{self.base}/Patient/{self.name}", json=patient, headers=headers)
        self.check(answer, 200, 201)
        self.record.counters[self.name] = (value, value)


class Deletes(Writer):
    def write(self, client: httpx.Client, number: int) -> None:
        id = f"{self.name}-{number}"
        self.check(
            client.put(
                f"{self.base}/Patient/{id}", json={"resourceType": "Patient", "id": id, "active": True}
            ),
            201,
        )
        self.record.deleted[id] = False
        answer = client.delete(f"{self.base}/Patient/{id}")
        self.check(answer, 204)
        self.record.deleted[id] = True


class Once(Writer):
    """Conditional creates of the same identifiers by several at a time."""

    def write(self, client: httpx.Client, number: int) -> None:
        identifier = f"{self.name.rpartition('-')[0]}-{number}"
        patient = {"resourceType": "Patient", "identifier": [{"system": "urn:once", "value": identifier}]}
        headers = {"If-None-Exist": f"identifier=urn:once|{identifier}"}
        answer = client.post(f"{self.base}/Patient", json=patient, headers=headers)
        self.check(answer, 200, 201)
        self.record.once.setdefault(identifier, set()).add(answer.json()["id"])


def test_killed_at_random_moments_it_keeps_every_word_it_gave(tmp_path: Path) -> None:
    db = tmp_path / "store.sqlite"
    chance = random.Random(20261122)
    record = Record()
    for kill in range(KILLS):
        seen = Record()
        with running(db) as server:
            writers: list[Writer] = [
                *(Transactions(server.base, f"t{kill}x{number}", seen) for number in range(2)),
                Creates(server.base, f"create{kill}", seen),
                Counts(server.base, f"count{kill}", seen),
                Deletes(server.base, f"delete{kill}", seen),
                *(Once(server.base, f"once{kill}-{number}", seen) for number in range(2)),
            ]
            for writer in writers:
                writer.start()
            _wait_for(seen, chance.randrange(60))
            time.sleep(chance.uniform(0, 0.1))
            server.kill()
        for writer in writers:
            writer.join(30)
            assert not writer.is_alive()
            assert not writer.wrong
        merge(record, seen)
        check_words(db, seen)
        if kill % _CHECK_EVERY == _CHECK_EVERY - 1:
            check_file(db)
    check_words(db, record)
    check_file(db)
    assert sum(record.transactions.values()) >= KILLS, "hardly anything was written: the test shows nothing"
    assert len(record.created) >= KILLS


def _wait_for(seen: Record, words: int) -> None:
    """Until so many writes were acknowledged: a slow machine is killed as deep in its work as a quick one."""
    until = time.monotonic() + 20
    while seen.words() < words and time.monotonic() < until:
        time.sleep(0.005)


def merge(record: Record, seen: Record) -> None:
    record.transactions |= seen.transactions
    record.created += seen.created
    record.counters |= seen.counters
    record.deleted |= seen.deleted
    record.once |= seen.once


def check_words(db: Path, record: Record) -> None:
    parameters = parameters_of(Release.R4)
    with SqliteRepository(db, parameters) as store:

        def read(kind: str, id: str) -> Any:
            return asyncio.run(store.read(kind, id))

        for stem, acknowledged in record.transactions.items():
            kinds = ("Patient", "Observation", "Observation")
            there = [read(kind, f"{stem}-{part}") is not None for part, kind in enumerate(kinds)]
            assert len(set(there)) == 1, f"the transaction {stem} is there by halves"
            assert there[0] or not acknowledged, f"the transaction {stem} was acknowledged and is lost"
        for id in record.created:
            assert read("Patient", id) is not None, f"Patient/{id} was acknowledged and is lost"
        for id, (acknowledged_value, sent) in record.counters.items():
            versions = asyncio.run(store.history("Patient", id))
            values = [json.loads(version.content or b"{}")["multipleBirthInteger"] for version in versions]
            assert values == list(range(len(values), 0, -1)), (
                f"the history of Patient/{id} has a gap: {values}"
            )
            assert acknowledged_value <= len(values) <= sent
        for id, acknowledged in record.deleted.items():
            version = read("Patient", id)
            assert version is not None, f"Patient/{id} was acknowledged and is lost"
            assert version.content is None or not acknowledged, (
                f"the deletion of Patient/{id} was acknowledged and is lost"
            )
        for identifier, ids in record.once.items():
            assert len(ids) == 1, f"{identifier} was created {len(ids)} times"
            pairs = [("identifier", f"urn:once|{identifier}")]
            query = parse_query(parameters, "Patient", pairs, base="", strict=True, limits=Limits(10, 10))
            found = asyncio.run(store.search(query))
            assert {version.id for version in found.versions} == ids
