"""Bodies: which formats are understood, a resource out of a body and into one
(https://hl7.org/fhir/R4/http.html#mime-type).

Interactions read and answer JSON alone. At the edge a body in XML becomes JSON before (:func:`incoming`) and an answer
becomes what the client asked for after (:func:`outgoing`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.as_written import AsWritten
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.repeated_members import repeated_members
from fhir_vitiligo.server.binary import content_of, holding, is_binary_read, is_binary_write
from fhir_vitiligo.server.compression import decompressed
from fhir_vitiligo.server.entries_apart import Refused, is_batch, refused_entries
from fhir_vitiligo.server.errors import (
    InvalidError,
    RefusedError,
    done_outcome,
    error_response,
    outcome_response,
)
from fhir_vitiligo.server.message import FHIR_JSON, FHIR_XML, Request, Response
from fhir_vitiligo.server.spoken import body_release, spoken, spoken_versions

T = TypeVar("T")
Format = Literal["json", "xml", "html", "content"]
FORMATS = ("application/fhir+json", "application/json", "text/json", "json")
XML_FORMATS = ("application/fhir+xml", "application/xml", "text/xml", "xml")
_HTML_FORMATS = ("text/html", "application/xhtml+xml", "html")
# Pages are made of the answer in JSON, by what stands before this application (fhir_vitiligo.web); without it a browser gets
# JSON rather than nothing.
_FORMAT_OF: dict[str, Format] = {
    **dict.fromkeys((*FORMATS, "*/*", "application/*", "text/*"), "json"),
    **dict.fromkeys(XML_FORMATS, "xml"),
    **dict.fromkeys(_HTML_FORMATS, "html"),
}
# Who asks for JSON or XML by its general name is answered by it (https://hl7.org/fhir/R4/http.html#mime-type).
_GENERAL = frozenset({"application/json", "text/json", "application/xml", "text/xml"})
# Escaped; the two that are no characters (https://www.w3.org/TR/xml/#charsets) may be written as they are as well.
_CONTROL = re.compile(
    rb"(?<!\\)(?:\\\\)*(\\u00(?:0[0-8bcef]|1[0-9a-f])|\\ufff[ef])|(\xef\xbf[\xbe\xbf])", re.IGNORECASE
)
_FORM = "application/x-www-form-urlencoded"
_MOST_READ_CAREFULLY = 64 * 1024
_TRUTH = {"true": True, "false": False, "": True}


# A plus that was sent as it is: a query has it for a space. Before a parameter (`; fhirVersion=5.0`) a space is one.
_UNESCAPED_PLUS = re.compile(r"(?<=\w) (?=\w)")


class Wanted(NamedTuple):
    """The format (``content``: what a Binary holds) and the release of FHIR that an answer is to have; ``media`` is the general
    media type that it is asked for by, such as ``application/json``, and empty where FHIR's own is meant.
    """

    format: Format
    release: Release
    media: str = ""


def wanted_form(request: Request, release: Release) -> Wanted:
    """What the client asks for; a 406 :class:`RefusedError` when it takes nothing that is served. Who does not say the release
    gets that of the body, or else ``release``, which is stored.
    """
    by_default = body_release(request, release)
    if "_format" in request.query:
        for name, value in request.pairs():
            if name == "_format" and value:
                return _wanted(_UNESCAPED_PLUS.sub("+", value), by_default, "_format")
    accept = request.headers.get("accept")
    if is_binary_read(request) and not _asks_for_fhir(request.query, accept or ""):
        return Wanted("content", by_default)
    return _wanted(accept, by_default, "Accept") if accept else Wanted("json", by_default)


@lru_cache(maxsize=256)
def _asks_for_fhir(query: str, accept: str) -> bool:
    """Whether a format of FHIR is named, or a part of the resource is wanted."""
    named = {one.partition(";")[0].strip().lower() for one in accept.split(",")}
    return not named.isdisjoint((*FORMATS, *XML_FORMATS)) or "_summary" in query or "_elements" in query


def is_as_stored(request: Request, release: Release) -> bool:
    """Whether the answer asked for is the resource as it is stored: all of it, in JSON and in its own release."""
    query = request.query
    is_part = bool(query) and ("_summary" in query or "_elements" in query)
    return not is_part and wanted_form(request, release)[:2] == ("json", release)


@lru_cache(maxsize=256)
def _wanted(wanted: str, by_default: Release, source: str) -> Wanted:
    reasons: list[str] = []
    best: tuple[float, Wanted] | None = None
    for media_range in wanted.split(","):
        media, *options = (part.strip().lower() for part in media_range.split(";"))
        asked = dict(option.partition("=")[::2] for option in options)
        version = asked.get("fhirversion", by_default.short_version).strip('"')
        weight = _weight(asked.get("q", "1"))
        found, release = _FORMAT_OF.get(media), spoken(version)
        if found is None:
            reasons.append(f"{media[:100] or 'nothing'} is not served")
        elif release is None:
            reasons.append(f"FHIR {version[:10]} is not served, {spoken_versions()} are")
        elif weight > 0 and (best is None or weight > best[0]):
            best = (weight, Wanted(found, release, media if media in _GENERAL else ""))
    if best is not None:
        return best[1]
    raise RefusedError(
        406,
        f"{source} asks for what this server does not send: {'; '.join(reasons) or 'nothing at all'}. "
        f"Ask for {FORMATS[0]} or {XML_FORMATS[0]}.",
        "not-supported",
    )


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def incoming(request: Request, release: Release, limit: int) -> Request:
    """The request with its body as the interactions read it: unpacked, JSON in place of XML, and the form of a search
    behind its query.
    """
    if not request.body and request.path[-1:] != ("_search",):
        return request
    if encoding := request.headers.get("content-encoding"):
        headers = {name: value for name, value in request.headers.items() if name != "content-encoding"}
        request = request._replace(body=decompressed(request.body, encoding, limit), headers=headers)
    if request.path[-1:] == ("_search",):
        return _searching(request)
    media = request.header("content-type").partition(";")[0].strip().lower()
    if media not in ("", *FORMATS, *XML_FORMATS) and is_binary_write(request):
        return holding(request)
    # What is patched with XML is no resource, unless it says so: Parameters.
    if media in XML_FORMATS and (request.method != "PATCH" or media == XML_FORMATS[0]):
        check_content_type(request)
        resource, refused = _from_xml(request.body, body_release(request, release))
        headers = {**request.headers, "content-type": _as_json(request)}
        request = request._replace(body=json.dumps(resource), headers=headers, refused=refused)
    return request


def _as_json(request: Request) -> str:
    """The Content-Type of what was read as XML; the release that it names stays."""
    _, semicolon, options = request.header("content-type").partition(";")
    return f"{FORMATS[0]}{semicolon}{options}"


def _searching(request: Request) -> Request:
    media = request.header("content-type").partition(";")[0].strip().lower()
    if request.method != "POST" or not (request.body.strip() or media):
        return request
    if media not in ("", _FORM):
        raise RefusedError(
            415, f"a search by POST is sent as {_FORM}, not as {media[:100]!r}", "not-supported"
        )
    try:
        form = request.body.decode().strip()
    except UnicodeDecodeError:
        raise InputError("the form is not UTF-8", code="invalid") from None
    return request._replace(query="&".join(filter(None, (request.query, form))), body=b"")


def _from_xml(body: bytes, release: Release) -> tuple[Json, Refused]:
    """The resource, and of a batch what is wrong with single entries."""
    from fhir_vitiligo.fhir.xml import to_json

    reading = to_json(body, release)
    faults = [issue for issue in reading.issues if issue.severity in ("fatal", "error")]
    if reading.resource is None:
        raise InputError(faults or "the body has no resource in it")
    refused = refused_entries(reading.resource, faults) if is_batch(reading.resource) else None
    if faults and refused is None:
        raise InvalidError(faults)
    return reading.resource, refused or {}


def outgoing(request: Request, response: Response, wanted: Format, release: Release) -> Response:
    """The answer in the format that was asked for."""
    # Only what is a resource: an operation or page may send something else.
    if response.headers.get("Content-Type") != FHIR_JSON or not response.body:
        return response
    pretty = is_pretty(request)
    if wanted == "content":
        try:
            return content_of(request, response)
        except FhirVitiligoError as error:
            return error_response(error)
    if wanted == "xml":
        try:
            return _in_xml(response, release, pretty=pretty)
        except InputError as error:
            text = f"this cannot be written as XML, only as JSON: {error.issues[0]}"
            told = InputError(replace(error.issues[0], text=text, code="not-supported"))
            return not_shown(request, response, told)
    if pretty:
        return Response(response.status, json_text.indented(response.body), response.headers)
    return response


def _in_xml(response: Response, release: Release, *, pretty: bool) -> Response:
    from fhir_vitiligo.fhir.xml import to_xml

    read = AsWritten(response.body)
    body = to_xml(read.spelled(read.value), release, indent=pretty)
    return Response(response.status, body, {**response.headers, "Content-Type": FHIR_XML})


def not_shown(request: Request, response: Response, error: FhirVitiligoError) -> Response:
    """What is answered in place of a resource that cannot be shown in the form asked for: 406, unless something was done."""
    if not _has_written(request, response):
        return outcome_response(406, error.issues, {})
    return Response(response.status, json.dumps(done_outcome(error)), response.headers)


def _has_written(request: Request, response: Response) -> bool:
    """Whether the answer tells of something that was done, which no form of the answer undoes."""
    return response.status < 300 and (
        "Location" in response.headers
        or (request.method != "GET" and "ETag" in response.headers)
        or (request.method == "POST" and not request.path)
    )


def in_general(response: Response, media: str) -> Response:
    """The answer under the general name of its format."""
    told, semicolon, options = response.headers.get("Content-Type", "").partition(";")
    if not told.startswith("application/fhir+"):
        return response
    headers = {**response.headers, "Content-Type": f"{media}{semicolon}{options}"}
    return Response(response.status, response.body, headers)


def is_pretty(request: Request) -> bool:
    """Whether the answer is indented: ``_pretty=true``; what is neither true nor false asks for nothing."""
    if "_pretty" not in request.query:
        return False
    return any(_TRUTH.get(value.lower(), False) for name, value in request.pairs() if name == "_pretty")


def check_content_type(request: Request) -> None:
    """Raises a 415 :class:`RefusedError` for a body that is not sent as JSON or XML in UTF-8."""
    _check_content_type(request.header("content-type"))


@lru_cache(maxsize=256)
def _check_content_type(content_type: str) -> None:
    media, *options = (part.strip().lower() for part in content_type.split(";"))
    if media not in ("", *FORMATS, *XML_FORMATS):
        raise RefusedError(
            415,
            f"a body of type {media[:100]!r} is not read: send {FORMATS[0]} or {XML_FORMATS[0]}",
            "not-supported",
        )
    charsets = [option.partition("=")[2].strip('"') for option in options if option.startswith("charset=")]
    if any(charset not in ("utf-8", "utf8", "us-ascii") for charset in charsets):
        raise RefusedError(
            415, f"the character set {charsets[0][:50]!r} is not read: FHIR is sent in UTF-8", "not-supported"
        )


def read_body(request: Request) -> Json:
    """The JSON object in the body; 415 or :class:`InputError` otherwise, for one that is nested too deeply, or has a member
    twice, too.
    """
    body = read_once(request)
    check_text(read_text(request), body)
    return body


def read_once(request: Request) -> Json:
    """The same, where a member that stands twice in its object is told by others."""
    body = read_json(request, json.loads_object)
    if json_text.may_be_deep(request.body):
        json_text.check_depth(body)
    return body


def check_text(text: bytes, value: object = None) -> None:
    """:class:`InputError` names every member that stands twice in its object, or a control character, which no string of FHIR
    has (https://hl7.org/fhir/R4/datatypes.html#string) and XML cannot hold. ``value`` is what the text was read to, if that is
    known.
    """
    faults = repeated_members(text, value)
    if faults:
        raise InputError(faults)
    # Nearly no text has one of the kind, and to look for it is nothing beside reading it.
    if (b"\\u" in text or b"\xef\xbf" in text) and (found := _CONTROL.search(text)) is not None:
        at = found.start(found.lastindex or 0)
        character = found[1][2:].decode().upper() if found[1] else f"{ord(found[2].decode()):04X}"
        line, column = text.count(b"\n", 0, at) + 1, at - text.rfind(b"\n", 0, at)
        told = (
            f"a string has the control character U+{character}: use only tab, line feed and carriage return"
        )
        raise InvalidError(Issue("error", "value", "", told, line=line, column=column))


def read_json(request: Request, read: Callable[[bytes], T]) -> T:
    """What ``read`` makes of the body; 415 or :class:`InputError` for one that is not sent as it has to be."""
    check_content_type(request)
    if not request.body.strip():
        raise InputError("the request has no body: send the resource as JSON or XML", code="required")
    return reading(read_text(request), read)


def reading(text: bytes, read: Callable[[bytes], T]) -> T:
    """What ``read`` makes of a text; for one that is no JSON :class:`InputError` says what is wrong in which line, and what
    would be right.
    """
    try:
        return read(text)
    except InputError as error:
        # The careful reader takes a hundred times as long, and nobody looks for a comma in a large text.
        if len(text) > _MOST_READ_CAREFULLY:
            raise
        from fhir_vitiligo.fhir.source import parse

        faults = [one for one in parse(text, format="json").issues if one.severity in ("fatal", "error")]
        raise InputError(faults) if faults else error from None


def read_text(request: Request) -> bytes:
    """The body as the text that :func:`read_body` read."""
    # A byte order mark is no part of JSON, but some editors write it.
    return request.body.removeprefix(b"\xef\xbb\xbf")


def read_members(request: Request) -> dict[str, bytes]:
    """The members of the resource that :func:`read_body` read, each as its text."""
    return json_text.members(read_text(request))


def resource_response(
    request: Request, status: int, body: bytes, headers: dict[str, str] | None = None
) -> Response:
    """A resource as an answer; the edge makes of it what the request asks for."""
    return Response(status, body, {"Content-Type": FHIR_JSON, **(headers or {})})
