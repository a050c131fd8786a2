"""What the commands write: one document for people, or a line for each of many; a file is there whole or
not at all.
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, cast

import click


class Output:
    """stdout, or a file that takes its place when all is written. Compressed where its name ends in
    ``.gz``.
    """

    def __init__(self, target: str | None) -> None:
        self._target = Path(target) if target not in (None, "-") else None
        self._part: Path | None = None
        self._stream: IO[bytes] | None = None
        if self._target is not None and not self._target.parent.is_dir():
            raise click.UsageError(
                f"there is no directory {self._target.parent} to write {self._target.name} to"
            )

    def __enter__(self) -> Output:
        return self

    def write(self, data: bytes) -> None:
        """Append bytes. The file is made with the first of them: what fails altogether leaves none."""
        if self._stream is None:
            self._stream = self._open()
        self._stream.write(data)

    def _open(self) -> IO[bytes]:
        if self._target is None:
            return sys.stdout.buffer
        try:
            if self._target.exists() and not self._target.is_file():
                return open(self._target, "wb")  # a device or a pipe is written to, not replaced
            descriptor, name = tempfile.mkstemp(prefix=f".{self._target.name}.", dir=self._target.parent)
            os.chmod(name, 0o666 & ~_umask())
        except OSError as error:
            raise click.UsageError(f"{self._target} cannot be written: {error.strerror}") from None
        self._part = Path(name)
        if self._target.suffix == ".gz":
            os.close(descriptor)
            return cast(IO[bytes], gzip.open(name, "wb"))
        return os.fdopen(descriptor, "wb")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is None:
            return
        if self._target is None:
            if kind is None:
                self._stream.flush()
            return
        self._stream.close()
        if self._part is not None and kind is None:
            self._part.replace(self._target)
        elif self._part is not None:
            self._part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def suffix(target: str | None) -> str:
    """The suffix that tells the format: ``.json`` of ``out.json.gz``."""
    path = Path(target or "")
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
