"""Writes the files that ``fhir_vitiligo/fhir/definition_files.py`` reads: records in blocks of gzip."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

# Smaller blocks pack worse (64 KB: +15 %), larger ones take longer to unpack for one record.
BLOCK = 128 * 1024
FORMAT = 2
_GZIP_HEAD = b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x02\xff"  # with extra field, no time, best packing, no system
_EXTRA = struct.Struct("<H2sHI")


def texts(content: str, sources: list[str], records: Mapping[str, Any]) -> list[bytes]:
    """The texts of a file's members: the header, then the blocks."""
    blocks = [*_blocks(records)]
    header = {
        "content": content,
        "made by": "tools/build_definitions.py",
        "made from": sources,
        "format": FORMAT,
        "blocks": [len(block) for block in blocks],
        "names": list(records),
    }
    return [_line(header), *(b"".join(block) for block in blocks)]


def _blocks(records: Mapping[str, Any]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for record in records.values():
        line = _line(record)
        if block and size + len(line) > BLOCK:
            yield block
            block, size = [], 0
        block.append(line)
        size += len(line)
    if block:
        yield block


def _line(value: Any) -> bytes:
    # A line ends at \n alone: bytes.splitlines knows \r too, which JSON escapes.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def pack(members: list[bytes]) -> bytes:
    """The file: each text a gzip member that tells its size."""
    return b"".join(map(_member, members))


def _member(text: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(text) + packer.flush()
    size = len(_GZIP_HEAD) + _EXTRA.size + len(packed) + 8
    extra = _EXTRA.pack(_EXTRA.size - 2, b"FV", 4, size)
    return b"".join((_GZIP_HEAD, extra, packed, struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)))
