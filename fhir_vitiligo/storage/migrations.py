"""Numbered changes of the durable tables, each applied once and recorded in the file.

A migration is never edited once released: the next one is added below it. Index tables are not migrated:
they are made again when what they are made from has changed (:mod:`fhir_vitiligo.storage.sqlite_index`).
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from fhir_vitiligo.errors import StorageError
from fhir_vitiligo.storage import schema

_COLUMNS = ("number", "name", "applied")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Migration:
    """``script`` is SQL statements separated by semicolons; it runs in one transaction with its record."""

    number: int
    name: str
    script: str


MIGRATIONS = (
    Migration(1, "resources, their history, numbers of types and parameters", schema.RESOURCE),
    Migration(2, "search parameters of users that the index was made with", schema.CUSTOM_PARAMETER),
    Migration(3, "resources of a type in the order of their last change", schema.TYPE_UPDATED),
    Migration(4, "searches that are too long for a link", schema.KEPT_SEARCH),
    Migration(5, "names of the server by which stored resources refer to it", schema.OWN_BASE),
)


def check_ours(connection: sqlite3.Connection) -> bool:
    """Whether the file is a store already; False while it is empty. :class:`StorageError` for another program's file, which is
    none of ours to write to. Only reads.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    columns = tuple(name for (name,) in connection.execute("SELECT name FROM pragma_table_info('migration')"))
    if columns == _COLUMNS or not tables:
        return bool(tables)
    shown = ", ".join(sorted(tables)[:_SHOWN]) + (", ..." if len(tables) > _SHOWN else "")
    raise StorageError(
        f"this is an SQLite file of another program (its tables: {shown}): name a new file, or that of a store",
        code="invalid",
    )


def migrate(connection: sqlite3.Connection) -> list[Migration]:
    """Applies what the file lacks and returns it. :class:`StorageError` for a file of a newer program.

    The connection is in autocommit mode (``isolation_level`` None). Two programs may open a file at once:
    one waits.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS migration "
            f"({_COLUMNS[0]} INTEGER PRIMARY KEY, {_COLUMNS[1]} TEXT NOT NULL, {_COLUMNS[2]} INTEGER NOT NULL) STRICT"
        )
        done = {int(number) for (number,) in connection.execute("SELECT number FROM migration")}
        unknown = done - {migration.number for migration in MIGRATIONS}
        if unknown:
            raise StorageError(
                f"the file is of a newer program (its migration {max(unknown)} is unknown): update this one",
                code="not-supported",
            )
        pending = [migration for migration in MIGRATIONS if migration.number not in done]
        for migration in pending:
            for statement in filter(str.strip, migration.script.split(";")):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migration VALUES (?, ?, ?)", (migration.number, migration.name, int(time.time()))
            )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return pending
