"""gzip and deflate, both ways (RFC 9110, 8.4). What comes in is unpacked up to a limit: a small body can stand for a huge one."""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.server.errors import RefusedError, too_large

_ANY_HEADER = zlib.MAX_WBITS | 32  # gzip or zlib, as the data begins
_LEVEL = 1  # three quarters of what the best level saves, at a tenth of its cost
# Answers of this size are few, and one of them, the capability statement, is always the same: it is packed once.
_RARE, _MOST_KEPT = 256 * 1024, 1024 * 1024


def decompressed(body: bytes, encoding: str, limit: int) -> bytes:
    """The body that was packed; 413 where it is larger than ``limit`` bytes, 415 for another encoding."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip" | "deflate":
            return _unpacked(body, encoding.strip().lower(), limit)
        case _:
            raise RefusedError(
                415,
                f"a body with Content-Encoding {encoding[:50]!r} is not read: send it plain or with gzip",
                "not-supported",
            )


def _unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest:
        try:
            part, rest = _member(rest, _ANY_HEADER, limit - size)
        except zlib.error:
            if encoding != "deflate" or parts:
                raise InputError(f"the body is no {encoding}", code="structure") from None
            try:  # some clients send it without the header of zlib
                part, rest = _member(rest, -zlib.MAX_WBITS, limit - size)
            except zlib.error:
                raise InputError("the body is no deflate", code="structure") from None
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _member(body: bytes, wbits: int, limit: int) -> tuple[bytes, bytes]:
    """One compressed stream and what follows it (gzip files may be put one behind the other)."""
    unpacker = zlib.decompressobj(wbits)
    part = unpacker.decompress(body, limit + 1)
    if len(part) > limit:
        raise too_large(limit)
    if not unpacker.eof:
        raise InputError("the packed body ends too early", code="structure")
    return part, unpacker.unused_data


def compressed(body: bytes) -> bytes:
    """The body with gzip, the same bytes for the same body."""
    return _packed_once(body) if _RARE <= len(body) <= _MOST_KEPT else _packed(body)


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


_packed_once = lru_cache(maxsize=4)(_packed)


@lru_cache(maxsize=256)
def takes_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip."""
    weights: dict[str, bool] = {}
    for part in accept_encoding.lower().split(","):
        name, _, options = part.partition(";")
        weight = options.replace(" ", "").removeprefix("q=")
        weights[name.strip()] = weight.strip("0.") != "" or not weight
    return weights.get("gzip", weights.get("*", False))
