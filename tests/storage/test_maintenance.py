"""Check, compact, backup: what a healthy file says, and that every kind of damage is found."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_vitiligo.cli.db import db as command
from fhir_vitiligo.errors import InputError, StorageError
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.maintenance import backup, check, compact
from fhir_vitiligo.storage.repository import Draft
from fhir_vitiligo.storage.sqlite import SqliteRepository


@pytest.fixture
def store(tmp_path: Path, parameters: Parameters) -> Path:
    path = tmp_path / "store.sqlite"
    with SqliteRepository(path, parameters) as repository:
        fill(repository, 30)
    return path


def fill(repository: SqliteRepository, count: int) -> None:
    for number in range(count):
        kind = "Observation" if number % 2 else "Patient"
        resource = {
            "resourceType": kind,
            "id": f"r{number}",
            "identifier": [{"system": "urn:x", "value": str(number)}],
            **({"subject": {"reference": "Patient/r0"}, "effectiveDateTime": "2020"} if number % 2 else {}),
        }
        ready = draft(resource, repository.parameters, id=f"r{number}")
        write(repository, ready)
        write(repository, ready)
    repository.run(lambda session: session.delete("Patient", "r2"))


def write(repository: SqliteRepository, ready: Draft) -> None:
    repository.run(lambda session: session.update(ready))


def damage(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        assert connection.execute(statement).rowcount != 0, statement
    connection.commit()
    connection.close()


def said(path: Path, parameters: Parameters) -> str:
    return "\n".join(issue.text for issue in check(path, parameters).issues)


def test_a_healthy_store_is_whole_and_stays_as_it_is(store: Path, parameters: Parameters) -> None:
    before = store.read_bytes()
    found = check(store, parameters)
    assert (found.issues, found.resources, found.versions) == ((), 29, 61)
    assert store.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM token_index", "rows are missing; `$reindex` makes the index again"),
        ("DELETE FROM resource_history WHERE version = 1", "has 0 earlier ones in its history"),
        (
            "UPDATE resource SET content = CAST('{' AS BLOB) WHERE id = 'r1'",
            "Observation/r1 in version 2 is not JSON",
        ),
        ("DELETE FROM migration", "was not applied"),
        ("DELETE FROM reference_index", "reference_index: 30 rows are missing"),
        ("UPDATE date_index SET low = 5", "rows belong to nothing that is stored"),
    ],
)
def test_damage_is_found(store: Path, parameters: Parameters, statement: str, sentence: str) -> None:
    damage(store, statement)
    assert sentence in said(store, parameters)


def test_a_backup_is_made_while_others_write_and_is_a_store(
    store: Path, tmp_path: Path, parameters: Parameters
) -> None:
    target = tmp_path / "copy.sqlite"
    with SqliteRepository(store, parameters) as repository:
        fill(repository, 5)
        size = backup(store, target)
        fill(repository, 40)
    assert size == target.stat().st_size
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == ["copy.sqlite"]
    with SqliteRepository(target, parameters) as copied:
        version = asyncio.run(copied.read("Patient", "r0"))
        assert version is not None
        assert version.version == 4
    assert check(target, parameters).issues == ()
    with pytest.raises(InputError, match="is there already"):
        backup(store, target)


def test_a_backup_that_cannot_be_written_blames_its_own_place(store: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none/b\.sqlite cannot be written: No such file or directory"):
        backup(store, tmp_path / "none" / "b.sqlite")
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
        "from pathlib import Path; from fhir_vitiligo.storage.maintenance import backup;"
        "backup(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    target = tmp_path / "b.sqlite"
    told = subprocess.run(
        [sys.executable, "-c", limited, store, target], stderr=subprocess.PIPE, text=True, check=False
    )
    assert f"{target} cannot be written: disk I/O error" in told.stderr
    assert [path.name for path in tmp_path.iterdir() if "b.sqlite" in path.name] == []


def test_compacting_gives_room_back(store: Path, parameters: Parameters) -> None:
    with SqliteRepository(store, parameters) as repository:
        ready = draft({"resourceType": "Basic", "x": "y" * 3_000_000}, parameters, id="big")
        write(repository, ready)
    damage(store, "DELETE FROM resource WHERE id = 'big'")
    before, after = compact(store)
    assert after < before - 2_000_000
    assert check(store, parameters).issues == ()


def test_what_is_no_store_is_told(tmp_path: Path, parameters: Parameters) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        check(tmp_path / "none", parameters)
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE x (y)")
    with pytest.raises(StorageError, match="of another program"):
        compact(tmp_path / "other")
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="is no store of fhir-vitiligo: it is empty"):
        compact(tmp_path / "empty")
    (tmp_path / "text").write_text("no database at all, " * 100)
    with pytest.raises(StorageError, match="damaged or is not one"):
        backup(tmp_path / "text", tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_the_commands(store: Path, tmp_path: Path) -> None:
    def call(*arguments: str) -> tuple[int, str]:
        found = CliRunner().invoke(command, [*arguments, "--db", str(store)])
        return found.exit_code, found.output

    assert call("check") == (
        0,
        f"{store} is whole: 29 resources, 61 versions, {store.stat().st_size / 2**20:.1f} MiB\n",
    )
    assert call("compact")[0] == 0
    assert call("backup", str(tmp_path / "b.sqlite"))[0] == 0
    damage(store, "DELETE FROM token_index")
    status, text = call("check")
    assert status == 1
    assert "token_index" in text
