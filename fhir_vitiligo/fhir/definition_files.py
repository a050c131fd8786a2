"""Files of many small records, of which a reader wants a few: gzip in blocks, found without reading the others.

A file is a gzip file of several members (RFC 1952), each of which tells its own size in its extra field, the
way BGZF does (SAM specification, section 4.1). The first holds one line, the header: what the records are and
how they are named; the others hold the records, one a line. Any gzip program reads the whole.
``tools/definition_files.py`` writes them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from fhir_vitiligo.fhir.json import loads

EXTRA_FIELD = struct.Struct("<2sHI")
EXTRA_FIELD_NAME = b"FV"
_HEAD = struct.Struct("<3sBIBBH")
_GZIP = 31  # zlib's window bits for a gzip wrapper
_BLOCKS_KEPT = 4


class RecordFile(Mapping[str, bytes]):
    """The undecoded records of a file by name. Threads may share it; blocks lately used are kept unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unpacked: dict[int, list[bytes]] = {}

    def __getitem__(self, name: str) -> bytes:
        block, line = self._places[name]
        return self._lines(block)[line]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    @cached_property
    def header(self) -> dict[str, Any]:
        """What the first line says: ``content``, ``made from``, ``names``, ``blocks`` (records in each)..."""
        head: dict[str, Any] = loads(self._unpack(0))
        return head

    @cached_property
    def _places(self) -> dict[str, tuple[int, int]]:
        places = {}
        names = iter(self.header["names"])
        for block, count in enumerate(self.header["blocks"], start=1):
            for line in range(count):
                places[next(names)] = (block, line)
        return places

    @cached_property
    def _bytes(self) -> bytes:
        return self._path.read_bytes()

    @cached_property
    def _members(self) -> list[tuple[int, int]]:
        """From where to where each member goes."""
        members = []
        start = 0
        while start < len(self._bytes):
            name, _, size = EXTRA_FIELD.unpack_from(self._bytes, start + _HEAD.size)
            if name != EXTRA_FIELD_NAME:
                raise ValueError(
                    f"{self._path.name} is not a file of records: a member does not tell its size"
                )
            members.append((start, start + size))
            start += size
        return members

    def _unpack(self, member: int) -> bytes:
        start, end = self._members[member]
        return zlib.decompress(memoryview(self._bytes)[start:end], wbits=_GZIP)

    def _lines(self, block: int) -> list[bytes]:
        found = self._unpacked.get(block)
        if found is None:
            found = self._unpack(block).splitlines()
            # Two threads may both find it full: one block more or less is no harm.
            while len(self._unpacked) >= _BLOCKS_KEPT:
                self._unpacked.pop(next(iter(tuple(self._unpacked))), None)
            self._unpacked[block] = found
        return found
