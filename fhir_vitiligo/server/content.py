"""Bodies: which formats are understood, and a resource out of a body or into one
(https://hl7.org/fhir/R4/http.html#mime-type).
"""

from __future__ import annotations

from functools import lru_cache

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import FHIR_JSON, Request, Response

FORMATS = ("application/fhir+json", "application/json", "text/json", "json")
_ANY = (
    "*/*",
    "application/*",
    "text/html",
    "application/xhtml+xml",
)  # a browser gets JSON rather than nothing


def check_accept(request: Request, release: Release) -> None:
    """Raises a 406 :class:`RefusedError` when the client takes no format that is served."""
    if "_format" in request.query:
        for name, value in request.pairs():
            if name == "_format":
                _check_accept(value.replace(" ", "+"), release, "_format")
                return
    accept = request.headers.get("accept")
    if accept:
        _check_accept(accept, release, "Accept")


@lru_cache(maxsize=256)
def _check_accept(wanted: str, release: Release, source: str) -> None:
    reasons: list[str] = []
    for media_range in wanted.split(","):
        media, *options = (part.strip().lower() for part in media_range.split(";"))
        versions = [
            option.partition("=")[2].strip('"') for option in options if option.startswith("fhirversion=")
        ]
        if media not in FORMATS and media not in _ANY:
            reasons.append(f"{media[:100] or 'nothing'} is not served")
        elif any(version != release.short_version for version in versions):
            reasons.append(f"FHIR {versions[0][:10]} is not served, {release.short_version} is")
        else:
            return
    raise RefusedError(
        406,
        f"{source} asks for what this server does not send: {'; '.join(reasons)}. Ask for {FORMATS[0]}.",
        "not-supported",
    )


def check_content_type(request: Request) -> None:
    """Raises a 415 :class:`RefusedError` for a body that is not sent as JSON in UTF-8."""
    _check_content_type(request.header("content-type"), request.header("content-encoding"))


@lru_cache(maxsize=256)
def _check_content_type(content_type: str, encoding: str) -> None:
    if encoding.strip().lower() not in ("", "identity"):
        raise RefusedError(
            415, f"a body with Content-Encoding {encoding[:50]!r} is not read: send it plain", "not-supported"
        )
    media, *options = (part.strip().lower() for part in content_type.split(";"))
    if media not in ("", *FORMATS):
        raise RefusedError(
            415, f"a body of type {media[:100]!r} is not read: send JSON as {FORMATS[0]}", "not-supported"
        )
    charsets = [option.partition("=")[2].strip('"') for option in options if option.startswith("charset=")]
    if any(charset not in ("utf-8", "utf8", "us-ascii") for charset in charsets):
        raise RefusedError(
            415, f"the character set {charsets[0][:50]!r} is not read: FHIR is sent in UTF-8", "not-supported"
        )


def read_body(request: Request) -> Json:
    """The JSON object in the body; 415 or :class:`InputError` otherwise, for one that is nested too deeply
    too.
    """
    check_content_type(request)
    if not request.body.strip():
        raise InputError("the request has no body: send the resource as JSON", code="required")
    # A byte order mark is no part of JSON, but some editors write it.
    body = json.loads_object(request.body.removeprefix(b"\xef\xbb\xbf"))
    if json_text.may_be_deep(request.body):
        json_text.check_depth(body)
    return body


def read_text(request: Request) -> bytes:
    """The body as the text that :func:`read_body` read."""
    return request.body.removeprefix(b"\xef\xbb\xbf")


def resource_response(
    request: Request, status: int, body: bytes, headers: dict[str, str] | None = None
) -> Response:
    """A resource as an answer, indented where ``_pretty=true`` asks for it."""
    if "_pretty=true" in request.query:
        body = json.dumps_pretty(json.loads(body))
    return Response(status, body, {"Content-Type": FHIR_JSON, **(headers or {})})
