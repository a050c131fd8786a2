"""``validate --watch``: check again what changes.

The files' times are looked at a few times a second: it works on every file system, and an editor that replaces a
file is noticed as one that writes into it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click

from fhir_vitiligo.cli.inputs import RESOURCES, Source, find
from fhir_vitiligo.cli.reports import note

_INTERVAL = 0.3
_NAMED = 3
# A file that was written this short a time ago may not be finished.
_SETTLED = 0.1


def watch_files(arguments: tuple[str, ...], check: Callable[[list[Source]], int]) -> None:
    """Check all, then whatever is new or has changed, until Ctrl-C."""
    known = _stamps(find(arguments, RESOURCES))
    check([source for source, _ in known.values()])
    note("waiting for changes; Ctrl-C ends")
    while True:
        time.sleep(_INTERVAL)
        try:
            now = _stamps(find(arguments, RESOURCES))
        except click.UsageError:
            continue  # all of it is gone for the moment
        changed = [path for path, (_, stamp) in now.items() if path not in known or known[path][1] != stamp]
        if changed and _SETTLED:
            time.sleep(_SETTLED)
            now |= _stamps([source for path, (source, _) in now.items() if path in changed])
        if gone := [path for path in known if path not in now]:
            note(f"gone: {_named(gone)}")
        known = now
        if changed:
            note(f"changed: {_named(changed)}")
            check([now[path][0] for path in changed])


def _named(paths: list[Path]) -> str:
    return f"{', '.join(map(str, paths[:_NAMED]))}{', ...' if len(paths) > _NAMED else ''}"


def _stamps(sources: list[Source]) -> dict[Path, tuple[Source, tuple[int, int]]]:
    """Time and size of each file that is there; what cannot be read has none, and is told once."""
    found: dict[Path, tuple[Source, tuple[int, int]]] = {}
    for source in sources:
        if source.path is not None:
            if source.fault is not None:
                found[source.path] = (source, (0, 0))
                continue
            try:
                state = source.path.stat()
            except OSError:
                continue
            found[source.path] = (source, (state.st_mtime_ns, state.st_size))
    return found
