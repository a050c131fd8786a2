"""Conditions in headers: If-Match, If-None-Match (https://hl7.org/fhir/R4/http.html#concurrency, #cread)."""

from __future__ import annotations

from email.utils import format_datetime

from fhir_vitiligo.server.message import Request
from fhir_vitiligo.storage.etag import parse_etag
from fhir_vitiligo.storage.repository import StoredVersion


def if_match(request: Request) -> int | None:
    """The version that the client thinks is the current one; :class:`~fhir_vitiligo.errors.InputError` if
    it is none.
    """
    tag = request.headers.get("if-match")
    return None if tag is None or tag.strip() == "*" else parse_etag(tag)


def is_known(request: Request, version: StoredVersion) -> bool:
    """Whether If-None-Match names this version: the client has it already."""
    tags = request.headers.get("if-none-match")
    if tags is None:
        return False
    wanted = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
    return str(version.version) in wanted or "*" in wanted


def version_headers(version: StoredVersion) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {
        "ETag": version.etag,
        "Last-Modified": format_datetime(version.last_updated.replace(microsecond=0), usegmt=True),
    }
