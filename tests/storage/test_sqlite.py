"""What is SQLite's own: the file, its migrations, its index, its faults."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import StorageError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search import extract
from fhir_vitiligo.search.parameters import Parameters, parameters_of
from fhir_vitiligo.search.query import parse_query, query_pairs
from fhir_vitiligo.search.types import SEARCH_TYPES
from fhir_vitiligo.storage import sqlite_searches
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.maintenance import backup, check, compact
from fhir_vitiligo.storage.migrations import MIGRATIONS, migrate
from fhir_vitiligo.storage.schema import index_table
from fhir_vitiligo.storage.sqlite import SqliteRepository
from fhir_vitiligo.storage.sqlite_index import rebuild_index


def index_of(path: Path) -> dict[str, set[Any]]:
    connection = sqlite3.connect(path)
    try:
        return {
            kind.name: set(connection.execute(f"SELECT * FROM {index_table(kind)}"))
            for kind in SEARCH_TYPES.values()
        }
    finally:
        connection.close()


def put(store: SqliteRepository, id: str, **members: Any) -> None:
    ready = draft({"resourceType": "Patient", "id": id, **members}, store.parameters, id=id)
    store.run(lambda session: session.update(ready))


def test_the_index_equals_one_that_is_made_again(sqlite: SqliteRepository, parameters: Parameters) -> None:
    for n in range(60):
        put(
            sqlite, f"p{n % 20}", gender="male" if n % 3 else "female",
            name=[{"family": f"F{n}"}, {"family": "Same"}], birthDate=f"19{n % 20 + 10}",
        )  # fmt: skip
    sqlite.run(lambda session: session.delete("Patient", "p3"))
    before = index_of(sqlite.path)
    assert len(before["string"]) > 20
    connection = sqlite3.connect(sqlite.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    assert rebuild_index(connection, parameters) == 19
    connection.execute("COMMIT")
    connection.close()
    assert index_of(sqlite.path) == before


def test_a_parameter_of_a_user_may_look_at_what_the_store_writes_itself(
    sqlite: SqliteRepository, parameters: Parameters
) -> None:
    """Id, version and instant, which the resource as it was sent has not, or has others."""
    for code, kind, path in (
        ("own", "token", "id"),
        ("version", "token", "meta.versionId"),
        ("written", "date", "meta.lastUpdated"),
        ("any-meta", "token", "meta.exists()"),
    ):
        definition = {
            "resourceType": "SearchParameter",
            "url": f"http://x.org/SearchParameter/{code}",
            "name": code,
            "status": "active",
            "code": code,
            "base": ["Patient"],
            "type": kind,
            "expression": f"Patient.{path}",
        }
        ready = draft(definition, parameters, id=code)
        sqlite.run(lambda session, ready=ready: session.create(ready))  # type: ignore[misc]
    asyncio.run(sqlite.reindex())
    unnamed = draft({"resourceType": "Patient", "id": "sent"}, sqlite.parameters, id="given")
    sqlite.run(lambda session: session.create(unnamed))
    for _ in range(2):
        put(sqlite, "a", meta={"versionId": "7", "lastUpdated": "1999-01-01T00:00:00Z"})
    put(sqlite, "b")
    sqlite.run(lambda session: session.delete("Patient", "b"))

    def found(text: str) -> list[str]:
        query = parse_query(sqlite.parameters, "Patient", query_pairs(text))
        return [one.id for one in asyncio.run(sqlite.search(query)).versions]

    assert (found("own=given"), found("own=sent")) == (["given"], [])
    assert (found("version=2"), found("version=1"), found("version=7")) == (["a"], ["given"], [])
    assert found("written=gt2020") == found("any-meta=true") == ["given", "a"]
    assert check(sqlite.path, parameters).issues == ()


def test_an_index_that_other_code_made_is_made_again_on_opening(
    tmp_path: Path, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.sqlite"
    with SqliteRepository(path, parameters) as store:
        put(store, "a", gender="male")
    whole = index_of(path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM token_index")
    connection.commit()
    connection.close()
    with SqliteRepository(path, parameters):
        assert index_of(path) != whole, "nothing says that it has to be made again"
    monkeypatch.setattr(extract, "VERSION", extract.VERSION + 1)
    with SqliteRepository(path, parameters):
        assert index_of(path) == whole


def test_migrations_are_numbered_recorded_and_applied_once(tmp_path: Path) -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
    connection = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    assert migrate(connection) == list(MIGRATIONS)
    assert migrate(connection) == []
    recorded = connection.execute("SELECT number, name FROM migration").fetchall()
    assert recorded == [(migration.number, migration.name) for migration in MIGRATIONS]
    connection.execute("INSERT INTO migration VALUES (999, 'of tomorrow', 0)")
    with pytest.raises(
        StorageError, match=r"newer program \(its migration 999 is unknown\): update this one"
    ):
        migrate(connection)
    connection.close()


def test_a_file_of_an_older_program_is_brought_up_to_date_with_all_that_is_in_it(
    tmp_path: Path, parameters: Parameters
) -> None:
    path = tmp_path / "store.sqlite"
    with SqliteRepository(path, parameters) as store:
        put(store, "a", gender="male")
        put(store, "a", gender="female")
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX resource_type_updated")
    connection.execute("DELETE FROM migration WHERE number = 3")
    connection.execute("UPDATE index_state SET fingerprint = 'older'")
    connection.commit()
    connection.close()
    with SqliteRepository(path, parameters) as store:
        assert [version.version for version in asyncio.run(store.history("Patient", "a"))] == [2, 1]
        latest = parse_query(parameters, "Patient", [("_sort", "-_lastUpdated"), ("gender", "female")])
        assert asyncio.run(store.search(latest)).total == 1
        latest = parse_query(parameters, "Patient", [("_sort", "-_lastUpdated")])
        assert [version.id for version in asyncio.run(store.search(latest)).versions] == ["a"]


@pytest.mark.parametrize(
    "content", [b"this is not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_file_that_is_no_store_is_refused(tmp_path: Path, parameters: Parameters, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"notes\.txt: the file of the store is damaged or is not one"):
        SqliteRepository(path, parameters)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, parameters: Parameters) -> None:
    with pytest.raises(StorageError, match="the store cannot be written: unable to open database file"):
        SqliteRepository(tmp_path / "nowhere" / "store.sqlite", parameters)


def test_a_locked_file_fails_the_write_and_no_read(
    tmp_path: Path, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_vitiligo.storage.sqlite._LOCK_SECONDS", 0.1)
    with SqliteRepository(tmp_path / "store.sqlite", parameters) as store:
        put(store, "a")
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="being written by another program: try again") as caught:
            put(store, "b")
        assert caught.value.issues[0].code == "lock-error"
        assert asyncio.run(store.read("Patient", "a")) is not None
        other.execute("ROLLBACK")
        other.close()
        put(store, "b")


def test_a_search_that_takes_too_long_is_given_up(tmp_path: Path, parameters: Parameters) -> None:
    with SqliteRepository(tmp_path / "store.sqlite", parameters, read_seconds=-1) as store:
        ready = [
            draft({"resourceType": "Patient", "name": [{"family": f"x{n}"}]}, parameters, id=f"p{n}")
            for n in range(9000)
        ]
        store.run(lambda session: [session.create(one) for one in ready])
        with pytest.raises(StorageError, match="the search takes too long: narrow it down"):
            asyncio.run(store.search(parse_query(parameters, "Patient", [("family:contains", "y")])))


def test_a_closed_store_takes_no_more(tmp_path: Path, parameters: Parameters) -> None:
    store = SqliteRepository(tmp_path / "store.sqlite", parameters)
    put(store, "a")
    store.close()
    store.close()
    with pytest.raises(StorageError, match="the store is closed"):
        put(store, "b")


def test_a_store_of_another_release_has_its_own_parameters(tmp_path: Path) -> None:
    with SqliteRepository(tmp_path / "r5.sqlite", parameters_of(Release.R5)) as store:
        put(store, "a", gender="male")
        found = asyncio.run(store.search(parse_query(store.parameters, "Patient", [("gender", "male")])))
        assert found.total == 1


def test_kept_searches_outlive_a_restart_and_old_ones_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteRepository(tmp_path / "store.sqlite", parameters_of(Release.R4)) as store:
        keys = [asyncio.run(store.keep_search(f"name={n}")) for n in (1, 2, 1)]
        assert keys[0] == keys[2] != keys[1]
    with SqliteRepository(tmp_path / "store.sqlite", parameters_of(Release.R4)) as store:
        assert asyncio.run(store.kept_search(keys[0])) == "name=1"
        assert asyncio.run(store.kept_search("other")) is None
        monkeypatch.setattr(sqlite_searches, "MOST_KEPT", 2)
        late = asyncio.run(store.keep_search("name=3"))
        left = [asyncio.run(store.kept_search(key)) for key in (*keys[:2], late)]
        assert left.count(None) == 1
        assert left[-1] == "name=3"
        monkeypatch.setattr(sqlite_searches, "SECONDS_KEPT", -1)
        asyncio.run(store.keep_search("name=4"))
        assert asyncio.run(store.kept_search(late)) is None


@pytest.mark.parametrize(
    "script", ["CREATE TABLE visit (id); INSERT INTO visit VALUES (1)", "CREATE TABLE migration (id, hash)"]
)
def test_the_file_of_another_program_is_left_as_it_is(
    tmp_path: Path, parameters: Parameters, script: str
) -> None:
    path = tmp_path / "registry.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    before = path.read_bytes()
    table = script.split()[2]
    with pytest.raises(
        StorageError, match=rf"registry.sqlite: .* of another program \(its tables: {table}\)"
    ):
        SqliteRepository(path, parameters)
    for care in (compact, lambda file: backup(file, tmp_path / "copy"), lambda file: check(file, parameters)):
        with pytest.raises(StorageError, match="of another program"):
            care(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["registry.sqlite"]


def test_an_empty_file_becomes_a_store(tmp_path: Path, parameters: Parameters) -> None:
    (tmp_path / "new").touch()
    with closing(sqlite3.connect(tmp_path / "without tables?#%")) as connection:
        connection.execute("VACUUM")
    for name in ("new", "without tables?#%"):
        with SqliteRepository(tmp_path / name, parameters) as store:
            put(store, "a")
        with SqliteRepository(tmp_path / name, parameters) as store:
            assert asyncio.run(store.read("Patient", "a")) is not None
