"""What the commands write: one document for people, or a line for each of many; a file is there whole or
not at all.
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, cast

import click

from fhir_vitiligo.cli.inputs import Source
from fhir_vitiligo.errors import FhirVitiligoError, Issue


def spare(sources: Iterable[Source], *outputs: str | None) -> None:
    """:class:`click.UsageError` where a file that is written would take the place of one that is read, or of another
    that is written.
    """
    targets = [Path(output) for output in outputs if output not in (None, "-")]
    if len({target.absolute() for target in targets}) < len(targets):
        raise click.UsageError(f"{targets[0]} is named twice to be written: name two files")
    there = {
        (state.st_dev, state.st_ino): target for target in targets if (state := _state(target)) is not None
    }
    for source in sources if there else ():
        state = _state(source.path) if source.path is not None else None
        if state is not None and (target := there.get((state.st_dev, state.st_ino))) is not None:
            raise click.UsageError(
                f"{target} is one of the files to read: write to another, or it would be gone"
            )


def _state(path: Path) -> os.stat_result | None:
    """Of a plain file: a device or a pipe is no worse for being written to."""
    try:
        return path.stat() if path.is_file() else None
    except OSError:
        return None


class Output:
    """stdout, or a file that takes its place when all is written. Compressed where its name ends in
    ``.gz``.
    """

    def __init__(self, target: str | None) -> None:
        if target == "":
            raise click.UsageError("the name of the file to write is empty")
        self._target = Path(target) if target not in (None, "-") else None
        self._part: Path | None = None
        self._stream: IO[bytes] | None = None
        self._below: IO[bytes] | None = None
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
        with self._naming():
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
            # Without a name and a time in it, so that the same input gives the same bytes.
            self._below = os.fdopen(descriptor, "wb")
            return cast(IO[bytes], gzip.GzipFile("", "wb", fileobj=self._below, mtime=0))
        return os.fdopen(descriptor, "wb")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is None:
            return
        if self._target is None:
            if kind is None:
                with self._naming():
                    self._stream.flush()
            return
        whole = False
        try:
            with self._naming():
                self._close(self._stream, self._below)
            whole = kind is None
        except FhirVitiligoError:
            if kind is None:
                raise  # else the first fault is told, which was most likely the same
        finally:
            if self._part is not None and whole:
                self._part.replace(self._target)
            elif self._part is not None:
                self._part.unlink(missing_ok=True)

    @staticmethod
    def _close(stream: IO[bytes], below: IO[bytes] | None) -> None:
        """Close both, even where the first has no room for the rest."""
        try:
            stream.close()
        finally:
            if below is not None:
                below.close()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """:class:`FhirVitiligoError` with the name of the output for what cannot be written; a pipe that nobody reads any
        more is no fault of it.
        """
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritten(str(self._target or "<stdout>"), error) from None


def unwritten(name: str, error: OSError) -> FhirVitiligoError:
    """What is told of an output, or stream, that takes no more."""
    return FhirVitiligoError(
        Issue("error", "no-store", "", f"cannot be written: {error.strerror or error}", name)
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def suffix(target: str | None) -> str:
    """The suffix that tells the format: ``.json`` of ``out.json.gz``."""
    path = Path(target or "")
    return (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
