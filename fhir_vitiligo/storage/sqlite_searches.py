"""Searches that are too long to stand in the link to their next page, under short keys: a form that was sent by POST may
be longer than any address (https://hl7.org/fhir/R4/http.html#search).

They are in the file, so that a walk through pages goes on behind a restart.
"""

from __future__ import annotations

import hashlib
import sqlite3

MOST_KEPT = 1_000
"""Searches, the latest; a walk through pages that began before is begun again."""
SECONDS_KEPT = 7 * 24 * 3600
"""Since the search was asked."""


def keep_search(connection: sqlite3.Connection, asked: str, now: float) -> str:
    """Within a transaction: keeps the query and lets go of old ones; its key."""
    key = hashlib.sha256(asked.encode()).hexdigest()[:32]
    connection.execute(
        "INSERT INTO kept_search VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET kept = excluded.kept",
        (key, asked, int(now)),
    )
    connection.execute("DELETE FROM kept_search WHERE kept < ?", (int(now) - SECONDS_KEPT,))
    connection.execute(
        "DELETE FROM kept_search WHERE key IN "
        "(SELECT key FROM kept_search ORDER BY kept DESC, rowid DESC LIMIT -1 OFFSET ?)",
        (MOST_KEPT,),
    )
    return key


def kept_search(connection: sqlite3.Connection, key: str) -> str | None:
    """The query; None when it is no longer kept."""
    row = connection.execute("SELECT asked FROM kept_search WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])
