"""Care for the file of a store: is it whole, make it smaller, copy it. A server may go on working with it meanwhile.

https://www.sqlite.org/backup.html, https://www.sqlite.org/pragma.html#pragma_integrity_check.
"""

# ruff: noqa: S608 - the names in the statements are read from the file's own tables

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fhir_vitiligo.errors import InputError, Issue, StorageError
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.storage.migrations import MIGRATIONS, check_ours
from fhir_vitiligo.storage.sqlite_errors import storage_error
from fhir_vitiligo.storage.sqlite_index import rebuild_index
from fhir_vitiligo.storage.sqlite_parameters import with_custom

_PAGES_AT_ONCE = 4096
_LOCK_SECONDS = 10
_INDEX_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%\\_index' ESCAPE '\\' ORDER BY name"
)
_GAPS = """
SELECT t.name, r.id, r.version, count(h.version) FROM resource r
JOIN resource_type t ON t.number = r.type LEFT JOIN resource_history h ON h.resource = r.key
GROUP BY r.key HAVING count(h.version) <> r.version - 1
"""
_NO_JSON = """
SELECT t.name, r.id, v.version FROM (
  SELECT key, version, content FROM resource UNION ALL SELECT resource, version, content FROM resource_history
) v JOIN resource r ON r.key = v.key JOIN resource_type t ON t.number = r.type
WHERE v.content IS NOT NULL AND NOT json_valid(CAST(v.content AS TEXT))
"""
_MOST = 20  # faults of a kind that are told


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What a check found. ``issues`` is empty for a store that is whole."""

    resources: int
    versions: int
    bytes: int
    issues: tuple[Issue, ...]


def check(path: Path, parameters: Parameters) -> StoreReport:
    """Looks at a copy of the store as it is now: the file's own structure, the migrations, that the versions of every resource
    are all there and JSON, and that the search index is the one that would be made from them anew.

    Takes about as much room in the folder for temporary files as the store itself. :class:`InputError` where there is no
    store.
    """
    with _copy(path) as copy:
        issues = list(_faults(copy, parameters))
        (resources,) = copy.execute("SELECT count(*) FROM resource WHERE content IS NOT NULL").fetchone()
        (current,) = copy.execute("SELECT count(*) FROM resource").fetchone()
        (before,) = copy.execute("SELECT count(*) FROM resource_history").fetchone()
    return StoreReport(resources, current + before, path.stat().st_size, tuple(issues))


def compact(path: Path) -> tuple[int, int]:
    """Gives the room of what was deleted back to the disk: bytes of the file before and after.

    :class:`StorageError` when another program keeps writing.
    """
    with _opened(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.stat().st_size
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before, path.stat().st_size


def backup(path: Path, target: Path) -> int:
    """Copies the store as it is at one moment; writers go on. Its bytes.

    ``target`` must not be there; it appears when it is complete and on the disk. :class:`InputError` where there is no store,
    or the target is there already; :class:`StorageError` where it cannot be written.
    """
    if target.exists():
        raise InputError(f"{target} is there already: name a new file", code="duplicate")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with _opened(path) as source:
        try:
            # What is wrong with the folder is told by the system, in more words than SQLite has for it.
            part.touch(exist_ok=False)
            with closing(sqlite3.connect(part)) as made:
                source.backup(made, pages=_PAGES_AT_ONCE)
                # One file, not three: whoever opens it first makes the others again.
                made.execute("PRAGMA journal_mode = DELETE")
                found = [text for (text,) in made.execute("PRAGMA quick_check")]
                if found != ["ok"]:
                    raise StorageError(f"the copy of {path} is damaged: {found[0]}", code="exception")
            with part.open("rb") as written:
                os.fsync(written.fileno())
            part.replace(target)
        except OSError as error:
            raise StorageError(f"{target} cannot be written: {error.strerror}", code="no-store") from None
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").startswith(
                ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")
            ):
                raise StorageError(f"{target} cannot be written: {error}", code="no-store") from None
            raise
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return target.stat().st_size


def _faults(copy: sqlite3.Connection, parameters: Parameters) -> Iterator[Issue]:
    for (text,) in copy.execute(f"PRAGMA integrity_check({_MOST})"):
        if text != "ok":
            yield _error(f"SQLite says: {text}")
    done = {number for (number,) in copy.execute("SELECT number FROM migration")}
    for migration in MIGRATIONS:
        if migration.number not in done:
            yield _error(
                f"migration {migration.number} ({migration.name}) was not applied: the next `serve` does it"
            )
    for kind, id, version, count in copy.execute(f"{_GAPS} LIMIT {_MOST}"):
        yield _error(f"{kind}/{id} is in version {version}, but has {count} earlier ones in its history")
    broken = copy.execute(f"{_NO_JSON} LIMIT {_MOST}").fetchall()
    for kind, id, version in broken:
        yield _error(f"{kind}/{id} in version {version} is not JSON")
    if broken:
        yield _error("the index was not checked: it is made from the JSON")
    else:
        yield from _index_faults(copy, parameters)


def _index_faults(copy: sqlite3.Connection, parameters: Parameters) -> Iterator[Issue]:
    """The index against one that is made anew; the copy is changed."""
    tables = [name for (name,) in copy.execute(_INDEX_TABLES)]
    for (name,) in copy.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name LIKE '%\\_index' ESCAPE '\\'"
    ).fetchall():
        copy.execute(f"DROP INDEX {name}")
    for name in tables:
        copy.execute(f"ALTER TABLE {name} RENAME TO {name}_kept")
    copy.execute("BEGIN")
    rebuild_index(copy, with_custom(copy, parameters))
    copy.execute("COMMIT")
    for name in [name for (name,) in copy.execute(_INDEX_TABLES)]:
        if name not in tables:
            yield _error(f"the table {name} is missing: `$reindex` makes it")
            continue
        kept = f"{name}_kept"
        for one, other, sentence in (
            (name, kept, "rows are missing"),
            (kept, name, "rows belong to nothing that is stored"),
        ):
            (count,) = copy.execute(
                f"SELECT count(*) FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {other})"
            ).fetchone()
            if count:
                yield _error(f"{name}: {count} {sentence}; `$reindex` makes the index again")


def _error(text: str) -> Issue:
    return Issue("error", "exception", "", text)


@contextmanager
def _copy(path: Path) -> Iterator[sqlite3.Connection]:
    with (
        tempfile.TemporaryDirectory(prefix="fhir-vitiligo-") as folder,
        _opened(path) as source,
        closing(sqlite3.connect(Path(folder) / "copy.sqlite", isolation_level=None)) as copy,
    ):
        source.backup(copy, pages=_PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        try:
            yield copy
        except sqlite3.Error as error:
            raise storage_error(error) from error


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file", code="not-found")
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)) as connection:
            if not check_ours(connection):
                raise InputError(f"{path} is no store of fhir-vitiligo: it is empty", code="invalid")
            yield connection
    except sqlite3.Error as error:
        raise storage_error(error) from error
