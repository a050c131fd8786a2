"""The URLs by which this server was known when something was written that refers to it by one of them.

A server has as many as it has names: ``http://127.0.0.1:8000/fhir``, a host name, a proxy's. What was a reference to here when
it was written stays one, whoever asks later by which name (https://hl7.org/fhir/R4/references.html#literal). The text keeps
the reference as it came; in the index it stands a second time, relatively.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from fhir_vitiligo.search.extract import PRESENT, IndexRows
from fhir_vitiligo.search.types.base import Row, SearchType

MOST = 32
"""A client can make up names; each one costs a look at every index row."""

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%\\_index' ESCAPE '\\'"


def own_bases(connection: sqlite3.Connection) -> frozenset[str]:
    """Those that are recorded."""
    return frozenset(base for (base,) in connection.execute("SELECT base FROM own_base"))


def record_base(connection: sqlite3.Connection, base: str) -> None:
    """Records one, and gives what refers to here by it its second row; all rows are in the tables by now."""
    connection.execute("INSERT OR IGNORE INTO own_base VALUES (?)", (base,))
    for (table,) in connection.execute(_TABLES).fetchall():
        names = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
        for name in filter(_is_base, names):
            columns = ", ".join("''" if one == name else one for one in names)
            connection.execute(
                f"INSERT OR IGNORE INTO {table} SELECT {columns} FROM {table} WHERE {name} = ?",  # noqa: S608 - the file's own names
                (base,),
            )


def with_relative(rows: IndexRows, bases: Collection[str]) -> IndexRows:
    """The rows, and beside each that refers to here by one of the URLs the same without it."""
    found: IndexRows = {}
    for parameter, some in rows.items():
        places = _places(parameter.type)
        more: set[Row] = set()
        for place in places:
            more.update(
                (*row[:place], "", *row[place + 1 :])
                for row in (*some, *more)
                if row is not PRESENT and row[place] in bases
            )
        found[parameter] = some | more if more else some
    return found


def _places(kind: SearchType) -> list[int]:
    return [place for place, column in enumerate(kind.columns) if _is_base(column.name)]


def _is_base(column: str) -> bool:
    # Of a composite the number of the component stands behind it.
    return column.rstrip("0123456789") == "base"
