"""Reading and writing an SQLite store over one connection."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Mapping

from fhir_vitiligo.errors import ConflictError
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.search.extract import IndexRows, changed_rows, index_rows
from fhir_vitiligo.search.query import SearchQuery
from fhir_vitiligo.search.types.base import cut
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.storage.conditions import check_version
from fhir_vitiligo.storage.draft import members_to_index
from fhir_vitiligo.storage.named_versions import with_named_versions
from fhir_vitiligo.storage.own_bases import MOST, record_base
from fhir_vitiligo.storage.repository import (
    Draft,
    HistoryPage,
    HistoryQuery,
    Page,
    StoredVersion,
)
from fhir_vitiligo.storage.sqlite_history import read_history
from fhir_vitiligo.storage.sqlite_index import Numbers, PendingRows
from fhir_vitiligo.storage.sqlite_parameters import IndexedParameters
from fhir_vitiligo.storage.sqlite_search import search

_CURRENT = "SELECT version, updated, method, content FROM resource WHERE type = ? AND id = ?"
_HISTORY = """
SELECT h.version, h.updated, h.method, h.content FROM resource r JOIN resource_history h ON h.resource = r.key
WHERE r.type = ? AND r.id = ?
"""
# Parameters are looked up one by one, each a step in the key: those that are in use are a few dozen.
_REFERRERS = """
WITH RECURSIVE used (parameter) AS (
  SELECT min(parameter) FROM reference_index
  UNION ALL
  SELECT (SELECT min(parameter) FROM reference_index WHERE parameter > used.parameter)
  FROM used WHERE used.parameter IS NOT NULL
)
SELECT DISTINCT r.type, r.id
FROM used CROSS JOIN reference_index i CROSS JOIN resource r
WHERE i.parameter = used.parameter AND i.id = ?2 AND i.type = ?3 AND i.base IN ('', ?4) AND r.key = i.resource
  AND NOT (r.type = ?1 AND r.id = ?2)
LIMIT ?5
"""


_Row = tuple[int, int, int, str, bytes | None]  # key, version, updated, method, content
_ToIndex = tuple[str, Json, Mapping[str, bytes]]  # type, resource, texts of its members


class SqliteReader:
    """Reads over one connection."""

    def __init__(self, connection: sqlite3.Connection, numbers: Numbers) -> None:
        self.connection = connection
        self.numbers = numbers

    def read(self, resource_type: str, id: str) -> StoredVersion | None:
        row = self.connection.execute(_CURRENT, (self.numbers.of_type.get(resource_type), id)).fetchone()
        return None if row is None else StoredVersion(resource_type, id, *row)

    def read_version(self, resource_type: str, id: str, version: int) -> StoredVersion | None:
        current = self.read(resource_type, id)
        if current is None or current.version == version:
            return current
        row = self.connection.execute(
            _HISTORY + "AND h.version = ?", (self.numbers.of_type[resource_type], id, version)
        ).fetchone()
        return None if row is None else StoredVersion(resource_type, id, *row)

    def history(self, resource_type: str, id: str) -> tuple[StoredVersion, ...]:
        current = self.read(resource_type, id)
        if current is None:
            return ()
        rows = self.connection.execute(
            _HISTORY + "ORDER BY h.version DESC", (self.numbers.of_type[resource_type], id)
        )
        return (current, *(StoredVersion(resource_type, id, *row) for row in rows))

    def versions(self, query: HistoryQuery) -> HistoryPage:
        return read_history(self.connection, self.numbers, query)

    def search(self, query: SearchQuery) -> Page:
        page = search(self.connection, self.numbers, query)
        return with_named_versions(page, self.read_version) if page.included else page


class SqliteSession(SqliteReader):
    """A write transaction: the connection is the writer's, the transaction is begun and ended there."""

    def __init__(self, connection: sqlite3.Connection, numbers: Numbers, known: IndexedParameters) -> None:
        super().__init__(connection, numbers)
        self._known = known
        self._file_version: int | None = None
        self.pending = PendingRows(connection, numbers)
        self._last = 0
        # What was read last, for the write that follows; None when anything was written since.
        self._looked_up: tuple[str, str, _Row | None] | None = None

    def begun(self) -> None:
        """A transaction has begun: another program may have written since the last one."""
        self._looked_up = None
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version != self._file_version:
            self._known.look(self.connection, self.numbers)
            self.pending.look_again()
            (last,) = self.connection.execute("SELECT max(updated) FROM resource").fetchone()
            self._last = int(last or 0)
            self._file_version = version

    def back_to_mark(self) -> None:
        """What was done since the mark is about to be rolled back."""
        self._looked_up = None
        self.pending.back_to_mark()

    def forget(self) -> None:
        """The whole transaction is about to be rolled back."""
        self._looked_up = None
        self._file_version = None
        self.pending.clear()

    def read(self, resource_type: str, id: str) -> StoredVersion | None:
        row = self._current(resource_type, id)
        self._looked_up = (resource_type, id, row)
        return None if row is None else StoredVersion(resource_type, id, *row[1:])

    def search(self, query: SearchQuery) -> Page:
        self.pending.flush()
        return super().search(query)

    def missing(self, resources: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
        statement = "SELECT 1 FROM resource WHERE type = ? AND id = ? AND content IS NOT NULL"
        number = self.numbers.of_type.get
        return [
            (kind, id)
            for kind, id in resources
            if self.connection.execute(statement, (number(kind), id)).fetchone() is None
        ]

    def referrers(self, resource_type: str, id: str, base: str = "", most: int = 4) -> list[tuple[str, str]]:
        if self.pending.may_name(REFERENCE, id):
            self.pending.flush()
        number = self.numbers.of_type.get(resource_type)
        rows = self.connection.execute(_REFERRERS, (number, id, resource_type, cut(base), most))
        return [(self.numbers.type_names[kind], name) for kind, name in rows]

    def know_base(self, base: str) -> None:
        known, base = self.pending.own_bases, cut(base)
        if base not in known and len(known) < MOST:
            self.pending.flush()
            record_base(self.connection, base)
            self.pending.look_again()

    def create(self, draft: Draft) -> StoredVersion:
        updated = self._now()
        content = draft.text(1, updated)
        try:
            key = self._insert(draft, updated, "POST", content)
        except sqlite3.IntegrityError:
            raise ConflictError(f"{draft.type}/{draft.id} exists already", code="duplicate") from None
        self.pending.replace(key, {}, self._rows(*self._to_index(draft, content)))
        return StoredVersion(draft.type, draft.id, 1, updated, "POST", content)

    def update(self, draft: Draft, if_version: int | None = None) -> StoredVersion:
        updated = self._now()
        current = self._current(draft.type, draft.id)
        version = 0 if current is None else current[1]
        is_there = current is not None and current[4] is not None
        check_version(draft.type, draft.id, version, if_version, is_there)
        content = draft.text(version + 1, updated)
        if current is None:
            key = self._insert(draft, updated, "PUT", content)
            self.pending.replace(key, {}, self._rows(*self._to_index(draft, content)))
        else:
            self._supersede(current, updated, "PUT", content)
            self.pending.replace(current[0], *self._changed_rows(draft, content, current[4]))
        return StoredVersion(draft.type, draft.id, version + 1, updated, "PUT", content)

    def delete(self, resource_type: str, id: str, if_version: int | None = None) -> StoredVersion | None:
        current = self._current(resource_type, id)
        is_there = current is not None and current[4] is not None
        check_version(resource_type, id, 0 if current is None else current[1], if_version, is_there)
        if current is None:
            return None
        key, version, updated, method, content = current
        if content is None:
            return StoredVersion(resource_type, id, version, updated, method, None)
        updated = self._now()
        self._supersede(current, updated, "DELETE", None)
        self.pending.replace(key, self._rows(*self._stored(resource_type, content)), {})
        return StoredVersion(resource_type, id, version + 1, updated, "DELETE", None)

    def _current(self, resource_type: str, id: str) -> _Row | None:
        found = self._looked_up
        if found is not None and found[0] == resource_type and found[1] == id:
            return found[2]
        row: _Row | None = self.connection.execute(
            "SELECT key, version, updated, method, content FROM resource WHERE type = ? AND id = ?",
            (self.numbers.of_type.get(resource_type), id),
        ).fetchone()
        return row

    def _insert(self, draft: Draft, updated: int, method: str, content: bytes) -> int:
        """The first version of an id; the key it was given."""
        self._looked_up = None
        cursor = self.connection.execute(
            "INSERT INTO resource (type, id, version, updated, method, content) VALUES (?, ?, 1, ?, ?, ?)",
            (self.numbers.of_type[draft.type], draft.id, updated, method, content),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def _supersede(self, current: _Row, updated: int, method: str, content: bytes | None) -> None:
        self._looked_up = None
        key, version, old_updated, old_method, old_content = current
        # What is about to leave the index must be in it: rows of an earlier version may still wait.
        if self.pending.waits_for(key):
            self.pending.flush()
        self.connection.execute(
            "INSERT INTO resource_history VALUES (?, ?, ?, ?, ?)",
            (old_updated, key, version, old_method, old_content),
        )
        self.connection.execute(
            "UPDATE resource SET version = ?, updated = ?, method = ?, content = ? WHERE key = ?",
            (version + 1, updated, method, content, key),
        )

    def _changed_rows(
        self, draft: Draft, content: bytes, before: bytes | None
    ) -> tuple[IndexRows, IndexRows]:
        """The index rows to remove and to add when a draft, now ``content``, takes the place of a version that is stored. Those
        of that one are made again, since the tables are not keyed by resource.
        """
        new = self._to_index(draft, content)
        if before is None:
            return {}, self._rows(*new)
        of = self._known.indexed.of
        return changed_rows(self._stored(draft.type, before)[1:], new[1:], of(draft.type), of)

    def _rows(self, resource_type: str, resource: Json, members: Mapping[str, bytes]) -> IndexRows:
        of = self._known.indexed.of
        return index_rows(resource, of(resource_type), members, of)

    def _to_index(self, draft: Draft, content: bytes) -> _ToIndex:
        """Of a draft that is now ``content``."""
        if self._known.indexed.of(draft.type).extraction.sees_own:
            return self._stored(draft.type, content)
        return draft.type, draft.resource, draft.members

    def _stored(self, resource_type: str, content: bytes) -> _ToIndex:
        sees_own = self._known.indexed.of(resource_type).extraction.sees_own
        members = json_text.members(content) if sees_own else members_to_index(content)
        return resource_type, json.loads_object(content), members

    def _now(self) -> int:
        """Now in microseconds, but always later than the write before, whatever the clock says."""
        self._last = max(time.time_ns() // 1000, self._last + 1)
        return self._last
