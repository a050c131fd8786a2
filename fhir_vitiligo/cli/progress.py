"""A progress bar where someone watches."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

_PATIENCE = 1.0
"""Seconds before a progress bar appears."""


class Progress:
    """A bar on stderr: at a terminal only, once the work takes longer than a second, and off the way of
    other lines.
    """

    def __init__(self, total: int, *, wanted: bool) -> None:
        self._wanted = wanted and total > 0 and sys.stderr.isatty()
        self._total, self._started, self._waiting = total, time.monotonic(), 0
        self._bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def advance(self, size: int) -> None:
        """So much of the input is done."""
        if not self._wanted:
            return
        self._waiting += size
        if self._bar is None:
            if time.monotonic() - self._started < _PATIENCE:
                return
            self._bar = click.progressbar(length=self._total, file=sys.stderr, show_eta=True)
            self._bar.render_progress()
        self._bar.update(self._waiting)
        self._waiting = 0

    def clear(self) -> None:
        """Room for a line: the bar is drawn again below it."""
        if self._bar is not None:
            sys.stderr.write("\r\x1b[K")
