"""The JSON files of a FHIR package, wherever it lies: a folder, or a ``.tgz`` that may be hostile.

https://hl7.org/fhir/packages.html, https://confluence.hl7.org/display/FHIR/NPM+Package+Specification. Nothing
is ever unpacked to disk, so a path that leads out of the archive leads nowhere; how much an archive may hold
is bounded before it is held.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from fhir_vitiligo.errors import InputError

if TYPE_CHECKING:
    import gzip  # it and tarfile cost 10 ms at every start, and few name an archive

MEBIBYTE: Final = 1 << 20
# HL7's largest package (R5 core) unpacks to some 300 MiB in 6,000 files; its largest file has 25 MiB.
MOST_BYTES: Final = 1024 * MEBIBYTE
MOST_FILES: Final = 50_000
LARGEST_FILE: Final = 100 * MEBIBYTE
_BLOCK: Final = 512
_LONGEST_NAME: Final = 4096


class Files(Protocol):
    """The JSON files of a package's own folder by name; ``.index.json`` and ``package.json`` among them."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def read(self, name: str) -> bytes: ...


class FolderFiles:
    """A folder with ``package.json``, or with a folder ``package`` that has it, or just with resources."""

    def __init__(self, folder: Path) -> None:
        inner = folder / "package"
        self.folder = inner if (inner / "package.json").is_file() else folder
        self.names = tuple(sorted(self._found()))

    def _found(self) -> Iterator[str]:
        for count, path in enumerate(self.folder.iterdir()):
            if count > MOST_FILES:
                raise _too_large(self.folder.name, f"more than {MOST_FILES:,} files")
            if path.suffix == ".json" and path.is_file():
                yield path.name

    def read(self, name: str) -> bytes:
        path = self.folder / name
        if path.stat().st_size > LARGEST_FILE:
            raise _too_large(self.folder.name, f"a file of more than {LARGEST_FILE // MEBIBYTE} MiB ({name})")
        return path.read_bytes()


class HeldFiles:
    """Files in memory: what an archive held, packed again, or what a caller has."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._packed = {name: zlib.compress(data, 1) for name, data in files.items()}
        self.names = tuple(sorted(self._packed))

    def read(self, name: str) -> bytes:
        return zlib.decompress(self._packed[name])


class ArchiveFiles(HeldFiles):
    """A ``.tgz``, read once from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        import gzip
        import tarfile

        self._packed = {}
        try:
            with gzip.open(path) as stream:
                for name, data in _members(_Bounded(stream, path.name)):
                    self._packed[name] = zlib.compress(data, 1)
        except (gzip.BadGzipFile, EOFError, zlib.error, tarfile.TarError, OSError) as error:
            reason = f"{path.name} cannot be read as a package: it should be a .tgz file ({error})."
            raise InputError(reason, code="structure") from None
        self.names = tuple(sorted(self._packed))


class _Bounded:
    """A stream that ends a reader who would unpack too much."""

    def __init__(self, stream: gzip.GzipFile, name: str) -> None:
        self._stream = stream
        self._left = MOST_BYTES
        self.name = name

    def read(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise _too_large(self.name, f"more than {MOST_BYTES // MEBIBYTE} MiB unpacked")
        return self._stream.read(size)

    def skip(self, size: int) -> None:
        while size > 0:
            passed = len(self.read(min(size, MEBIBYTE)))
            if not passed:
                return
            size -= passed


def _members(stream: _Bounded) -> Iterator[tuple[str, bytes]]:
    """Name and content of each JSON file directly in ``package/``.

    The blocks are walked here, because :mod:`tarfile` reads long names and extended headers of any size.
    """
    import tarfile

    count = 0
    longer_name = ""
    while len(block := stream.read(_BLOCK)) == _BLOCK and any(block):
        count += 1
        if count > MOST_FILES:
            raise _too_large(stream.name, f"more than {MOST_FILES:,} files")
        entry = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        padding = -entry.size % _BLOCK
        if entry.size < 0:
            raise tarfile.TarError("a file has a negative size")
        if entry.type in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE) and entry.size <= _LONGEST_NAME:
            told = stream.read(entry.size)
            stream.skip(padding)
            is_pax = entry.type == tarfile.XHDTYPE
            longer_name = _pax_name(told) if is_pax else told.rstrip(b"\0").decode("utf-8", "replace")
            continue
        name, longer_name = _plain_name(longer_name or entry.name), ""
        if name is None or not entry.isreg():
            stream.skip(entry.size + padding)
            continue
        if entry.size > LARGEST_FILE:
            raise _too_large(stream.name, f"a file of more than {LARGEST_FILE // MEBIBYTE} MiB ({name})")
        data = stream.read(entry.size)
        if len(data) != entry.size:
            raise EOFError("it ends in the middle of a file")
        stream.skip(padding)
        yield name, data


def _pax_name(told: bytes) -> str:
    # An extended header has lines "LENGTH path=NAME" (POSIX pax).
    for line in told.splitlines():
        _, _, pair = line.partition(b" ")
        if pair.startswith(b"path="):
            return pair.removeprefix(b"path=").decode("utf-8", "replace")
    return ""


def _plain_name(path: str) -> str | None:
    """``X.json`` for ``package/X.json``; ``None`` for everything else."""
    folder, _, name = path.removeprefix("./").rpartition("/")
    return name if folder == "package" and name.endswith(".json") else None


def _too_large(name: str, what: str) -> InputError:
    return InputError(f"the package {name} is refused: it holds {what}.", code="too-costly")
