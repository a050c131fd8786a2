"""Bare ASGI, and bare ASGI over SQLite: the least that a read, a metadata request and a durable insert can cost.

Started with the path of a database as the only argument of its environment variable BENCH_DB.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BODY = Path(os.environ["BENCH_DB"]).with_name("one.json").read_bytes()
_db = sqlite3.connect(os.environ["BENCH_DB"], isolation_level=None)
_db.execute("PRAGMA journal_mode = WAL")
_db.execute("PRAGMA synchronous = FULL")
_db.execute("CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, content BLOB)")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """``/constant``: the same bytes; ``/read/ID``: a row; POST: a row and a commit."""
    if scope["type"] != "http":
        return
    path, body = scope["path"], _BODY
    if scope["method"] == "POST":
        message = await receive()
        _db.execute("INSERT INTO kept VALUES (hex(randomblob(16)), ?)", (message["body"],))
    elif path.startswith("/read/"):
        row = _db.execute("SELECT content FROM kept WHERE id = ?", (path[6:],)).fetchone()
        body = row[0] if row is not None else b"{}"
    headers = [(b"content-type", b"application/fhir+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
