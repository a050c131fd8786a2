"""Versions in the order of time, out of the current ones and the ones before (https://hl7.org/fhir/R4/http.html#history)."""

# ruff: noqa: S608 - the parts of the statements are written here, values are arguments

from __future__ import annotations

import sqlite3

from fhir_vitiligo.storage.repository import HistoryPage, HistoryQuery, StoredVersion
from fhir_vitiligo.storage.sqlite_index import Numbers

_CURRENT = "SELECT r.type, r.id, r.version, r.updated, r.method, r.content FROM resource r"
_BEFORE = (
    "SELECT r.type, r.id, h.version, h.updated, h.method, h.content "
    "FROM resource_history h JOIN resource r ON r.key = h.resource"
)
# When a version that is no longer current stopped to be it.
_ENDED = (
    "coalesce((SELECT n.updated FROM resource_history n WHERE n.resource = h.resource AND n.version = h.version + 1), "
    "r.updated)"
)


def read_history(connection: sqlite3.Connection, numbers: Numbers, query: HistoryQuery) -> HistoryPage:
    """A page of versions, newest first."""
    number = numbers.of_type.get(query.type) if query.type else None
    if query.type and number is None:
        return HistoryPage((), total=0 if query.total else None)
    scope: list[tuple[str, object]] = []
    if number is not None:
        scope.append(("r.type = ?", number))
    if query.id:
        scope.append(("r.id = ?", query.id))
    if query.since is not None:
        scope.append(("{}.updated >= ?", query.since))
    if query.at is not None:
        scope.append(("{}.updated <= ?", query.at[1]))
    ended: list[tuple[str, object]] = [] if query.at is None else [(f"{_ENDED} > ?", query.at[0])]
    total = _total(connection, scope, ended) if query.total else None
    if query.count == 0:
        return HistoryPage((), None, total)
    if query.before is not None:
        scope.append(("{}.updated < ?", query.before))
    wanted = query.count + 1  # one more, to know whether there is another page
    parts, arguments = [], []
    for select, alias, more in ((_CURRENT, "r", []), (_BEFORE, "h", ended)):
        where, values = _where([*scope, *more], alias)
        parts.append(f"SELECT * FROM ({select}{where} ORDER BY {alias}.updated DESC LIMIT ?)")
        arguments += [*values, wanted]
    rows = connection.execute(
        f"{' UNION ALL '.join(parts)} ORDER BY 4 DESC LIMIT ?", (*arguments, wanted)
    ).fetchall()
    has_more = len(rows) == wanted
    versions = tuple(
        StoredVersion(numbers.type_names[row[0]], *row[1:]) for row in (rows[:-1] if has_more else rows)
    )
    return HistoryPage(versions, versions[-1].updated if has_more else None, total)


def _total(
    connection: sqlite3.Connection, scope: list[tuple[str, object]], ended: list[tuple[str, object]]
) -> int:
    total = 0
    for table, alias, more in (
        ("resource r", "r", []),
        ("resource_history h JOIN resource r ON r.key = h.resource", "h", ended),
    ):
        where, values = _where([*scope, *more], alias)
        total += int(connection.execute(f"SELECT count(*) FROM {table}{where}", values).fetchone()[0])
    return total


def _where(conditions: list[tuple[str, object]], alias: str) -> tuple[str, list[object]]:
    if not conditions:
        return "", []
    text = " AND ".join(condition.format(alias) for condition, _ in conditions)
    return f" WHERE {text}", [value for _, value in conditions]
