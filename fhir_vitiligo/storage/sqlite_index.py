"""The index of the SQLite store: the numbers of types and parameters, and making it again from the content.

The index is derived data. The file records a fingerprint of what it was made from (definitions, search
types, extraction); when the program opens a file with another one, the index is made again. Search parameters
of users are taken in by a reindexing (:mod:`fhir_vitiligo.storage.sqlite_reindex`), and kept in the file as they
were then.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

from fhir_vitiligo.fhir import json
from fhir_vitiligo.search import extract
from fhir_vitiligo.search.contained import Contained
from fhir_vitiligo.search.extract import PRESENT, IndexRows, index_rows
from fhir_vitiligo.search.parameters import Parameter, Parameters
from fhir_vitiligo.search.types import SEARCH_TYPES
from fhir_vitiligo.search.types.base import SearchType
from fhir_vitiligo.search.types.near import NEAR
from fhir_vitiligo.storage import schema
from fhir_vitiligo.storage.own_bases import own_bases, with_relative
from fhir_vitiligo.storage.plan_cache import Plans

_MOST_WAITING = 1000  # resources
_LOOKED_AT = 500  # rows that wait; to write more is no dearer than to look at them
_BATCH = 500  # resources whose rows are held in memory at a time


class Numbers:
    """Small numbers for resource types and search parameters, as the file has them, and the plans made with them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.read(connection)
        self.plans = Plans(lambda name: self.of_type[name], self.of_parameter)

    def read(self, connection: sqlite3.Connection) -> None:
        """Reads them again, when there may be more."""
        self.of_type = {
            name: int(number) for number, name in connection.execute("SELECT number, name FROM resource_type")
        }
        self.type_names = {number: name for name, number in self.of_type.items()}
        # By the object, too: to make a key of it takes longer than to find it.
        self._of_known: dict[Parameter, int] = {}
        self._of_parameter = {
            (resource_type, key): int(number)
            for number, resource_type, key in connection.execute(
                "SELECT number, resource_type, code FROM parameter"
            )
        }

    def of_parameter(self, parameter: Parameter) -> int:
        found = self._of_known.get(parameter)
        if found is None:
            found = self._of_known[parameter] = self._of_parameter[parameter.resource_type, parameter.key]
        return found

    def find(self, resource_type: str, code: str) -> int | None:
        """The number of a parameter of core; None where the type has none of this code."""
        return self._of_parameter.get((resource_type, code))


_Rows = dict[SearchType, list[tuple[object, ...]]]


class PendingRows:
    """Index rows on their way into the file, by search type: one statement for many resources.

    They gather over all works of a transaction. :meth:`mark` is called before each: when the work comes to
    nothing, :meth:`back_to_mark` forgets its rows and keeps those of the works before it, also where they were
    written within what SQLite is about to roll back.
    """

    def __init__(self, connection: sqlite3.Connection, numbers: Numbers) -> None:
        self._connection = connection
        self._numbers = numbers
        self._removed: _Rows = {}
        self._added: _Rows = {}
        self._keys: set[int] = set()
        self._marks: tuple[dict[SearchType, int], ...] = ({}, {})
        self._early: tuple[_Rows, ...] = ({}, {})
        self._own_bases: frozenset[str] | None = None

    @property
    def own_bases(self) -> frozenset[str]:
        """The URLs of this server that references to it were written with."""
        if self._own_bases is None:
            self._own_bases = own_bases(self._connection)
        return self._own_bases

    def look_again(self) -> None:
        """There may be other URLs of this server than before."""
        self._own_bases = None

    def replace(self, key: int, old: IndexRows, new: IndexRows) -> None:
        """Only what differs is written; a large transaction writes its rows piece by piece, or they would take several times
        the memory of its resources.
        """
        self._keys.add(key)
        if bases := self.own_bases:
            old, new = with_relative(old, bases), with_relative(new, bases)
        for parameter, rows in new.items():
            before = old.get(parameter)
            if before is None:
                self._collect(self._added, key, parameter, rows)
            elif rows is not before and rows != before:
                self._collect(self._added, key, parameter, rows - before)
                self._collect(self._removed, key, parameter, before - rows)
        for parameter, rows in old.items():
            if parameter not in new:
                self._collect(self._removed, key, parameter, rows)
        if len(self._keys) >= _MOST_WAITING:
            self.flush()

    def _collect(
        self, into: _Rows, key: int, parameter: Parameter | Contained, rows: Iterable[tuple[object, ...]]
    ) -> None:
        kind = parameter.type
        if isinstance(parameter, Contained):
            number = schema.contained_number(self._numbers.of_parameter(parameter.parameter))
            key = schema.contained_key(key, parameter.place)
        else:
            number = self._numbers.of_parameter(parameter)
        found = into.get(kind)
        if found is None:
            found = into[kind] = []
        for row in rows:
            # What is there and cannot be compared stands under the negative number, which no search looks at.
            found.append((number, *row, key) if row is not PRESENT else (-number, *kind.blank, key))

    def waits_for(self, key: int) -> bool:
        """Whether rows of this resource are not written yet."""
        return key in self._keys

    def may_name(self, kind: SearchType, value: str) -> bool:
        """Whether rows of this type wait whose first column has the value; where many wait, they are not looked at."""
        return any(
            len(rows) > _LOOKED_AT or any(row[1] == value for row in rows)
            for rows in (self._added.get(kind, ()), self._removed.get(kind, ()))
        )

    def flush(self) -> None:
        """Removals come first: within one flush a row may go with one version and come back with the next."""
        for number, (rows_by_type, statement) in enumerate(
            ((self._removed, schema.delete_rows), (self._added, schema.insert_rows))
        ):
            marks = self._marks[number]
            for kind, rows in rows_by_type.items():
                if early := rows[: marks.get(kind, 0)]:
                    self._early[number].setdefault(kind, []).extend(early)
                if rows:
                    # Neighbours in the index are written together.
                    rows.sort()
                    self._connection.executemany(statement(kind), rows)
            marks.clear()
            rows_by_type.clear()
        self._keys.clear()

    def mark(self) -> None:
        """From here on rows are those of the next work."""
        self._marks = tuple(
            {kind: len(rows) for kind, rows in by_type.items()} for by_type in (self._removed, self._added)
        )
        self._early = ({}, {})

    def back_to_mark(self) -> None:
        """Forgets the rows since the mark; those before it wait again if they do not any more."""
        self.look_again()
        for by_type, marks, early in zip((self._removed, self._added), self._marks, self._early, strict=True):
            for kind, rows in by_type.items():
                del rows[marks.get(kind, 0) :]
            for kind, rows in early.items():
                by_type.setdefault(kind, []).extend(rows)
                self._keys.update(row[-1] for row in rows)  # type: ignore[misc]
        self.mark()

    def clear(self) -> None:
        """Forgets everything that was not written: its transaction was rolled back."""
        self.look_again()
        self._added.clear()
        self._removed.clear()
        self._keys.clear()
        self.mark()


def prepare_index(connection: sqlite3.Connection, parameters: Parameters) -> bool:
    """Gives every type and parameter a number, and makes the index if the file has none that fits; whether
    it did.
    """
    wanted = fingerprint(parameters)
    if recorded(connection) == wanted:
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        if recorded(connection) == wanted:  # another program made it while this one waited
            connection.execute("ROLLBACK")
            return False
        rebuild_index(connection, parameters)
        record(connection, parameters)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True


def number_all(connection: sqlite3.Connection, parameters: Parameters) -> None:
    """Gives every type and parameter a number, and every search type its table."""
    types = sorted(parameters.resource_types)
    connection.executemany(
        "INSERT OR IGNORE INTO resource_type (name) VALUES (?)", [(name,) for name in types]
    )
    kinds: dict[str, SearchType] = {}
    for name in types:
        # Few types are ever asked for: none stays compiled for this.
        every = tuple(parameters.afresh().every(name))
        connection.executemany(
            "INSERT OR IGNORE INTO parameter (resource_type, code) VALUES (?, ?)",
            [(one.resource_type, one.key) for one in every],
        )
        kinds |= {one.type.name: one.type for one in every if one.stored is None}
    for statement in schema.create_index_tables(kinds.values()):
        connection.execute(statement)


def record(connection: sqlite3.Connection, parameters: Parameters) -> None:
    """Writes down what the index is made from."""
    connection.execute("DELETE FROM index_state")
    connection.execute("INSERT INTO index_state VALUES (?)", (fingerprint(parameters),))


def recorded(connection: sqlite3.Connection) -> str | None:
    """What the index of the file was made from, as :func:`fingerprint` tells it."""
    row = connection.execute("SELECT fingerprint FROM index_state").fetchone()
    return None if row is None else str(row[0])


def rebuild_index(connection: sqlite3.Connection, parameters: Parameters) -> int:
    """Makes all index rows again from the content, within the transaction of the caller; how many
    resources.
    """
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%\\_index' ESCAPE '\\'"
    ).fetchall():
        connection.execute(schema.drop_table(name))
    number_all(connection, parameters)
    numbers = Numbers(connection)
    pending = PendingRows(connection, numbers)
    after, count = 0, 0
    while True:
        batch = connection.execute(
            "SELECT key, type, content FROM resource "
            "WHERE key > ? AND content IS NOT NULL ORDER BY key LIMIT ?",
            (after, _BATCH),
        ).fetchall()
        if not batch:
            return count
        for key, type_number, content in batch:
            of_type = parameters.of(numbers.type_names[type_number])
            pending.replace(key, {}, index_rows(json.loads_object(content), of_type, None, parameters.of))
        pending.flush()
        after, count = batch[-1][0], count + len(batch)


def fingerprint(parameters: Parameters) -> str:
    """Another one when index rows are made otherwise, or of other parameters."""
    digest = hashlib.sha256(f"{extract.VERSION}\n".encode())
    for kind in {**SEARCH_TYPES, NEAR.name: NEAR}.values():
        digest.update(f"{kind.name} {kind.columns} {schema.is_by_resource(kind)}\n".encode())
    for line in parameters.fingerprint_parts():
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
