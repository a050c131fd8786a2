"""What SQLite says, in words for people (https://www.sqlite.org/rescode.html)."""

from __future__ import annotations

import sqlite3

from fhir_vitiligo.errors import StorageError


def storage_error(error: sqlite3.Error) -> StorageError:
    """What SQLite says, as an issue: a lock or a full disk passes (``transient``), the rest does not."""
    name = getattr(error, "sqlite_errorname", "") or type(error).__name__
    match name.removeprefix("SQLITE_").partition("_")[0]:
        case "BUSY" | "LOCKED":
            return StorageError("the store is being written by another program: try again", code="lock-error")
        case "INTERRUPT":
            return StorageError("the search takes too long: narrow it down", code="too-costly")
        case "FULL":
            return StorageError("the disk of the store is full: nothing was written", code="no-store")
        case "READONLY" | "PERM" | "CANTOPEN":
            return StorageError(f"the store cannot be written: {error}", code="no-store")
        case "CORRUPT" | "NOTADB":
            return StorageError(f"the file of the store is damaged or is not one: {error}", code="exception")
        case _:
            return StorageError(f"the store failed: {error}", code="exception")
