"""Conditions in headers: If-Match, If-None-Match, If-Modified-Since (https://hl7.org/fhir/R4/http.html#concurrency,
#cread).
"""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

from fhir_vitiligo.server.message import Request
from fhir_vitiligo.storage.etag import names_version, parse_etag
from fhir_vitiligo.storage.repository import ANY_VERSION, NO_VERSION, StoredVersion


def if_match(request: Request) -> int | None:
    """The version that a write expects: of If-Match, or of ``If-None-Match: *``, which expects none. None where nothing is
    expected; :class:`~fhir_vitiligo.errors.InputError` for what is no version.
    """
    tag = request.headers.get("if-match")
    if tag is not None:
        return ANY_VERSION if tag.strip() == "*" else parse_etag(tag)
    return NO_VERSION if request.header("if-none-match").strip() == "*" else None


def is_known(request: Request, version: StoredVersion) -> bool:
    """Whether If-None-Match names this version, or it is not newer than If-Modified-Since: the client has it already."""
    tags = request.headers.get("if-none-match")
    if tags is not None:  # If-Modified-Since does not count then (RFC 9110, 13.2.2)
        return names_version(tags, version.version)
    since = request.headers.get("if-modified-since")
    seconds = None if since is None else _seconds(since)
    return seconds is not None and version.updated // 1_000_000 <= seconds


@lru_cache(maxsize=256)
def _seconds(date: str) -> int | None:
    """Seconds since 1970 of an HTTP date; what is none is passed over, as HTTP asks."""
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None


def version_headers(version: StoredVersion) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {
        "ETag": version.etag,
        "Last-Modified": _http_date(version.updated // 1_000_000),
    }


@lru_cache(maxsize=4096)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
