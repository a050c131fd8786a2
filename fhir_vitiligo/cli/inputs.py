"""What the commands read: files, directories, globs, NDJSON, several documents in a file, ``-``,
compressed or not.

:func:`find` turns arguments into sources and refuses those that are not there; :func:`portions` streams the
sources as pieces of work, a file or a line each, so that memory does not grow with the input.
"""

from __future__ import annotations

import glob
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple, cast

import click

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir.release import Release

CASES = (".yaml", ".yml", ".json", ".ndjson", ".jsonl")
FHIR = (".json", ".ndjson", ".jsonl")
RESOURCES = (*FHIR, ".xml")
_LINES = (".ndjson", ".jsonl")
_ARCHIVES = (".tgz", ".tar.gz", ".tar")
_PACKAGE = (".tgz", ".tar.gz")
_COMPRESSED = (".gz", ".bz2")
# Bytes of FHIR in a byte of a compressed file, roughly.
_COMPRESSES = 12
# Bytes of NDJSON that are read together: some milliseconds of work.
_TOGETHER = 64 << 10
_MARK = b"\xef\xbb\xbf"
MAX_DOCUMENT = 1 << 30
"""Bytes of one document, after decompression: more is refused rather than read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or stdin (``path`` is ``None``). A FHIR package (.tgz) stands for the definitions in it. ``fault`` says why
    there is nothing to read.
    """

    name: str
    path: Path | None
    size: int
    is_package: bool = False
    fault: str | None = None


class Piece(NamedTuple):
    """A piece of work: a whole file (``alone``) or one line of NDJSON. A tuple, because a million of them are
    pickled.

    ``content`` is ``None`` where whoever works on the piece reads the file; ``fault`` says why there is
    nothing to read. ``consumed`` is how many bytes of the input the piece stands for, as a progress bar
    counts them. ``is_packaged``: it is a definition of a FHIR package.
    """

    name: str
    content: bytes | None = None
    path: Path | None = None
    line: int = 1
    alone: bool = True
    consumed: int = 0
    fault: str | None = None
    is_packaged: bool = False

    @property
    def weight(self) -> int:
        """About how many bytes there are to work on."""
        if self.content is not None:
            return len(self.content)
        is_compressed = self.path is not None and self.path.suffix.lower() in _COMPRESSED
        return self.consumed * _COMPRESSES if is_compressed else self.consumed

    def text(self) -> bytes:
        """The bytes; :class:`InputError` names the file and why it cannot be read."""
        if self.fault is not None:
            raise InputError(self.issue(self.fault))
        if self.content is not None:
            return self.content
        assert self.path is not None
        try:
            with _open(self.path) as stream:
                content = stream.read(MAX_DOCUMENT + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(self.issue(_reason(error))) from None
        if len(content) > MAX_DOCUMENT:
            raise InputError(
                self.issue(f"more than {MAX_DOCUMENT} bytes in one document: give a line to each (NDJSON)")
            )
        return content

    def issue(self, text: str) -> Issue:
        line = None if self.alone else self.line
        return Issue("error", "structure", "", text, self.name, line, rule="unreadable")

    def placed(self, issue: Issue) -> Issue:
        """The issue with the place of this piece: its file, and the line within the file."""
        line = issue.line if self.alone else self.line
        return Issue(
            issue.severity,
            issue.code,
            issue.expression,
            issue.text,
            self.name,
            line,
            issue.column,
            issue.rule,
        )


def find(arguments: Iterable[str], suffixes: tuple[str, ...], *, packages: bool = False) -> list[Source]:
    """The sources that the arguments name, in their order; of a directory, in the order of names, without what
    is hidden and without the manifest of a FHIR package. ``packages``: a FHIR package itself is one too. What is there
    and cannot be read is a source with a fault.

    :class:`click.UsageError` for what is not there, before anything is done.
    """
    found: list[Source] = []
    for argument in arguments:
        if argument == "-":
            found.append(Source("<stdin>", None, 0))
            continue
        if not argument:
            raise click.UsageError("the name of a file is empty: a variable of the shell may be unset")
        path = Path(argument)
        try:
            is_folder, is_there = path.is_dir(), path.exists()
        except OSError as error:  # it stands where nobody may look
            found.append(_source(path, packages, _reason(error)))
            continue
        if is_folder:
            inside = _inside(path, suffixes)
            if not inside:
                raise click.UsageError(
                    f"no file {', '.join('*' + suffix for suffix in suffixes)} in the directory {argument}"
                )
            found += [_source(file, packages, inside[file]) for file in sorted(inside)]
            continue
        if is_there:
            files = [path]
        else:
            files = sorted(Path(name) for name in glob.glob(argument, recursive=True) if os.path.isfile(name))
            if not files:
                is_glob = any(sign in argument for sign in "*?[")
                raise click.UsageError(
                    f"no file matches {argument}" if is_glob else f"there is no file {argument}"
                )
        found += [_source(file, packages) for file in files]
    return found


def _inside(folder: Path, suffixes: tuple[str, ...]) -> dict[Path, str | None]:
    """The files that a directory stands for, those of its folders too, and what of it cannot be read, with the reason.
    A link is what it leads to; a folder that is led to twice is looked at once.
    """
    inside: dict[Path, str | None] = {}
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            state = here.stat()
            if (state.st_dev, state.st_ino) in seen:
                continue
            seen.add((state.st_dev, state.st_ino))
            entries = sorted(here.iterdir())
        except OSError as error:
            inside[here] = _reason(error)
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                mode = entry.stat().st_mode
            except OSError as error:
                if _is_meant(entry, suffixes):
                    leads = isinstance(error, FileNotFoundError) and entry.is_symlink()
                    inside[entry] = (
                        f"a link to {entry.readlink()}, which is not there" if leads else _reason(error)
                    )
                continue
            if stat.S_ISDIR(mode):
                waiting.append(entry)
            elif stat.S_ISREG(mode) and _is_meant(entry, suffixes):
                inside[entry] = None
    return inside


def _source(file: Path, packages: bool, fault: str | None = None) -> Source:
    if fault is not None:
        return Source(str(file), file, 0, fault=fault)
    name = file.name.lower()
    is_package = packages and name.endswith(_PACKAGE)
    if name.endswith(_ARCHIVES) and not is_package:
        raise click.UsageError(
            f"{file} is an archive, not a resource: unpack it and name its folder (`validate` takes the package to check "
            "against by --package, `load` the definitions of one)"
        )
    return Source(str(file), file, file.stat().st_size, is_package)


def _is_meant(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether a file of a directory is one of those that the directory stands for."""
    return path.name != "package.json" and _plain(path).suffix.lower() in suffixes


def _plain(path: Path) -> Path:
    """The path without the suffix of a compression."""
    return path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path


class Lines(NamedTuple):
    """Lines of a plain NDJSON file that stand together: ``size`` bytes from ``offset``, the first of them line ``line``.
    Whoever works on them reads them, so that no line goes from one process to another.
    """

    name: str
    path: Path
    offset: int
    size: int
    line: int

    @property
    def weight(self) -> int:
        """How many bytes there are to work on."""
        return self.size

    def pieces(self) -> Iterator[Piece]:
        """The lines, one by one."""
        try:
            with open(self.path, "rb") as stream:
                stream.seek(self.offset)
                text = stream.read(self.size)
        except OSError as error:
            yield Piece(self.name, line=self.line, alone=False, fault=_reason(error))
            return
        for number, line in enumerate(text.split(b"\n")):
            if line.strip():
                yield _line(self.name, self.line + number, line, len(line) + 1)


Portion = Piece | Lines
"""What is handed out: a piece, or many small ones."""


def portions(sources: Iterable[Source]) -> Iterator[Portion]:
    """All there is to work on, in order. What cannot be read is a piece with a fault: it stops nothing else."""
    for source in sources:
        try:
            if source.fault is not None:
                yield Piece(source.name, fault=source.fault)
            elif source.is_package:
                yield from _packaged(source)
            elif source.path is None:
                yield from _portions(source, _decompressed(sys.stdin.buffer), None)
            else:
                with open(source.path, "rb") as raw:
                    yield from _portions(source, _decompressed(raw), raw)
        except (OSError, EOFError, zlib.error) as error:
            yield Piece(source.name, fault=_reason(error))


def pieces_of(portion: Portion) -> Iterable[Piece]:
    """Every piece of a portion, in order."""
    return portion.pieces() if isinstance(portion, Lines) else (portion,)


def pieces(sources: Iterable[Source]) -> Iterator[Piece]:
    """Every piece of work, in order."""
    for portion in portions(sources):
        yield from pieces_of(portion)


def _portions(source: Source, stream: IO[bytes], raw: IO[bytes] | None) -> Iterator[Portion]:
    by_name = _plain(Path(source.name)).suffix.lower() in _LINES
    regular = source.path is not None and source.path.is_file()
    opening = []
    if not by_name:
        opening = list(_opening(stream))
        if not _is_ndjson(opening):
            content = None if regular else b"".join(opening) + stream.read(MAX_DOCUMENT)
            yield Piece(source.name, content, source.path if regular else None, consumed=source.size)
            return
    if regular and stream is raw:
        stream.seek(0)
        yield from _together(source, stream)
    else:
        yield from _one_by_one(source, chain(opening, _lines(stream)), raw)


def _packaged(source: Source) -> Iterator[Piece]:
    """The definitions of a FHIR package; its examples are nobody's data."""
    from fhir_vitiligo.fhir.packages import open_package

    assert source.path is not None
    try:
        package = open_package(source.path)
        entries = package.entries
    except InputError as error:
        yield Piece(source.name, fault=error.issues[0].text)
        return
    if package.releases and Release.R4 not in package.releases:
        # Told once: it would be true of each of its definitions.
        told = package.releases[0]
        text = f"this package is for FHIR {told.name}, the store holds R4, and definitions are not converted: load the one "
        yield Piece(source.name, fault=text + "that the same guide has for R4, if it has one")
        return
    for entry in entries:
        share = source.size // len(entries)
        yield Piece(f"{source.name}/{entry.file}", package.text(entry), consumed=share, is_packaged=True)


def _together(source: Source, stream: IO[bytes]) -> Iterator[Portion]:
    """The lines of a plain file, in parts of about the same size."""
    assert source.path is not None
    offset, number = 0, 1
    while text := stream.read(_TOGETHER):
        rest = b"" if text.endswith(b"\n") else stream.readline(MAX_DOCUMENT + 1)
        if len(rest) > MAX_DOCUMENT:
            yield _too_long(source, number + text.count(b"\n"))
            return
        size = len(text) + len(rest)
        yield Lines(source.name, source.path, offset, size, number)
        offset += size
        number += text.count(b"\n") + rest.count(b"\n")


def _one_by_one(source: Source, lines: Iterable[bytes], raw: IO[bytes] | None) -> Iterator[Piece]:
    done = 0
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        if len(text) > MAX_DOCUMENT:
            yield _too_long(source, number)
            return
        position = raw.tell() if raw is not None else 0
        consumed, done = max(position - done, 0), max(position, done)
        yield _line(source.name, number, text, consumed)


def _line(name: str, number: int, text: bytes, consumed: int) -> Piece:
    return Piece(name, text.rstrip(b"\r\n"), line=number, alone=False, consumed=consumed)


def _too_long(source: Source, number: int) -> Piece:
    fault = f"a line of more than {MAX_DOCUMENT} bytes"
    return Piece(source.name, line=number, alone=False, fault=fault)


def _opening(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines up to the second that is not blank."""
    filled = 0
    while filled < 2 and (line := stream.readline(MAX_DOCUMENT + 1)):
        filled += bool(line.strip())
        yield line
        if line.strip() and not line.lstrip().removeprefix(_MARK).startswith(b"{"):
            return


def _is_ndjson(opening: list[bytes]) -> bool:
    """Whether a text begins with two lines that each look like an object of their own; one of them may be broken off."""
    filled = [line.strip().removeprefix(_MARK) for line in opening if line.strip()]
    if len(filled) < 2 or not all(line.startswith(b"{") for line in filled):
        return False
    first, second = filled
    # No object goes on with an object, unless it is in an array, or the value of a member.
    return first.endswith(b"}") or (second.endswith(b"}") and not first.endswith((b"[", b"{", b",", b":")))


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(MAX_DOCUMENT + 1):
        yield line


def _open(path: Path) -> IO[bytes]:
    return _decompressed(open(path, "rb"))


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    """The stream itself, or what a gzip or bzip2 stream holds; told by its first bytes."""
    if not isinstance(raw, io.BufferedReader):
        return raw
    start = raw.peek(3)
    if start.startswith(b"\x1f\x8b"):
        import gzip

        return cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if start.startswith(b"BZh"):
        import bz2

        return cast(IO[bytes], bz2.BZ2File(raw))
    return raw


def _reason(error: BaseException) -> str:
    import gzip

    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return f"cannot be read: the compressed file is broken ({error})"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"
