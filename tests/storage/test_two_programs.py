"""Two programs with one SQLite file: what one of them takes in, the other knows before it writes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.search.query import parse_query, query_pairs
from fhir_vitiligo.storage import sqlite as sqlite_store
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.maintenance import check
from fhir_vitiligo.storage.sqlite import SqliteRepository

SHADE = {
    "resourceType": "SearchParameter",
    "url": "http://x.org/SearchParameter/shade",
    "name": "Shade",
    "status": "active",
    "code": "shade",
    "base": ["Patient"],
    "type": "string",
    "expression": "Patient.extension.where(url = 'http://x.org/shade').value.as(string)",
}
LIGHT = {"extension": [{"url": "http://x.org/shade", "valueString": "light"}]}
OTHER = """
import asyncio, sys
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.storage.sqlite import SqliteRepository
with SqliteRepository(sys.argv[1], parameters_of(Release.R4)) as store:
    print(asyncio.run(store.reindex()))
"""


@pytest.fixture
def other(sqlite: SqliteRepository, parameters: Parameters) -> Iterator[SqliteRepository]:
    """The same file, opened before anything is taken in."""
    with SqliteRepository(sqlite.path, parameters) as store:
        yield store


def put(store: SqliteRepository, id: str, **members: Any) -> None:
    resource = {"resourceType": "Patient", "id": id, **members}
    ready = draft(resource, store.parameters, id=id)
    store.run(lambda session: session.update(ready))


def found(store: SqliteRepository, shade: str) -> list[str]:
    query = parse_query(store.parameters, "Patient", query_pairs(f"shade={shade}&_sort=_id"))
    return [version.id for version in asyncio.run(store.search(query)).versions]


def assert_whole(path: Path, parameters: Parameters) -> None:
    assert check(path, parameters).issues == ()


def test_what_another_program_took_in_is_indexed_by_the_next_write(
    sqlite: SqliteRepository, other: SqliteRepository, parameters: Parameters
) -> None:
    put(other, "a", **LIGHT)
    put(sqlite, "shade", **SHADE)
    made_before = draft({"resourceType": "Patient", "id": "b", **LIGHT}, other.parameters, id="b")
    subprocess.run([sys.executable, "-c", OTHER, str(sqlite.path)], check=True, stdout=subprocess.PIPE)
    other.run(lambda session: session.create(made_before))
    put(other, "c", **LIGHT)
    assert found(other, "light") == ["a", "b", "c"]
    put(other, "a")
    other.run(lambda session: session.delete("Patient", "c"))
    assert found(other, "light") == ["b"]
    assert_whole(sqlite.path, parameters)


def test_who_only_searches_knows_it_soon_and_forgets_what_was_retired(
    sqlite: SqliteRepository, other: SqliteRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "_LOOK_SECONDS", 0.0)
    put(sqlite, "a", **LIGHT)
    asyncio.run(other.read("Patient", "a"))
    revision = other.parameters.revision
    put(sqlite, "shade", **SHADE)
    asyncio.run(sqlite.reindex())
    assert found(other, "light") == ["a"]
    assert other.parameters.revision != revision  # by which the capability statement is made again
    put(sqlite, "shade", **{**SHADE, "status": "retired"})
    asyncio.run(sqlite.reindex())
    with pytest.raises(InputError, match="no search parameter 'shade'"):
        found(other, "light")


def test_one_program_writes_while_the_other_makes_the_index(
    sqlite: SqliteRepository, other: SqliteRepository, parameters: Parameters
) -> None:
    for number in range(1500):
        put(sqlite, f"p{number}", **LIGHT)
    put(sqlite, "shade", **SHADE)
    ended = threading.Event()
    written = []

    def write() -> None:
        number = 0
        while not ended.is_set():
            id = f"p{number * 7 % 1600}"
            kept = draft({"resourceType": "Patient", "id": id, **LIGHT}, other.parameters, id=id)
            if number % 5 == 4:
                other.run(lambda session, id=id: session.delete("Patient", id))  # type: ignore[misc]
            else:
                other.run(lambda session, kept=kept: session.update(kept))  # type: ignore[misc]
            written.append(id)
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        asyncio.run(sqlite.reindex())
    finally:
        ended.set()
        thread.join()
    assert written
    assert_whole(sqlite.path, parameters)
    assert len(found(other, "light")) == len(found(sqlite, "light")) > 0


def test_what_was_rolled_back_is_not_believed(
    sqlite: SqliteRepository, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sqlite, "a", **LIGHT)
    put(sqlite, "shade", **SHADE)

    def fails(*_: object) -> Any:
        raise OSError("the power is gone")

    took_in = sqlite_store.take_in
    monkeypatch.setattr(sqlite_store, "take_in", lambda *given: (took_in(*given), fails())[0])
    with pytest.raises(OSError, match="power"):
        asyncio.run(sqlite.reindex())
    put(sqlite, "b", **LIGHT)
    assert_whole(sqlite.path, parameters)
    monkeypatch.undo()
    asyncio.run(sqlite.reindex())
    assert found(sqlite, "light") == ["a", "b"]
