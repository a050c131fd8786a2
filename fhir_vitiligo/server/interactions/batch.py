"""batch: each entry on its own (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import unquote

from fhir_vitiligo.errors import FhirVitiligoError, InputError
from fhir_vitiligo.fhir import bundles, json, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.bundle import EntryResponse, response_bundle
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.entries_apart import Refused
from fhir_vitiligo.server.errors import error_response
from fhir_vitiligo.server.message import Request
from fhir_vitiligo.storage.patch import patch_of_entry

_AT_ONCE = 64  # entries of a batch whose writes may share a commit
_FORWARDED = {
    "ifMatch": "if-match",
    "ifNoneMatch": "if-none-match",
    "ifModifiedSince": "if-modified-since",
    "ifNoneExist": "if-none-exist",
}
_WITH_BODY = ("POST", "PUT")


async def batch(call: Call, document: Json, texts: Sequence[bytes | None], refused: Refused) -> bytes:
    """The answer, a Bundle as JSON text. ``texts``: the resources as received, entry by entry; they do not stand in
    ``document``. ``refused``: what is known to be wrong with some of them.
    """
    entries = bundles.entries(document)
    answers: list[EntryResponse] = []
    for start in range(0, len(entries), _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, len(entries)))
        answers += await asyncio.gather(
            *(_batch_entry(call, entries[index], texts[index], refused.get(index)) for index in some)
        )
    return response_bundle("batch-response", answers)


async def _batch_entry(
    call: Call, entry: Json, text: bytes | None, refused: FhirVitiligoError | None
) -> EntryResponse:
    """An entry on its own: the request it stands for, answered like any other, faults too."""
    try:
        if refused is not None:
            raise refused
        request = _request(call.request, entry, text)
    except FhirVitiligoError as error:
        answer = error_response(error)
    else:
        answer = await call.service.dispatch(request)
    is_asked = answer.status < 400 and _asks(request)
    body = answer.body or None
    is_outcome = body is not None and (
        answer.status >= 400 or (not is_asked and _prefers(call, "OperationOutcome"))
    )
    is_shown = is_asked or (not is_outcome and _prefers(call, "representation"))
    return EntryResponse(
        answer.status,
        location=answer.headers.get("Location", ""),
        etag=answer.headers.get("ETag", ""),
        updated=_updated(answer.headers.get("Last-Modified"), body if answer.status < 400 else None),
        resource=body if is_shown else None,
        outcome=body if is_outcome else None,
    )


def _asks(request: Request) -> bool:
    """Whether what is answered is what was asked for: by a read, a search or an operation."""
    last = request.path[-1:]
    return request.method == "GET" or last == ("_search",) or any(one.startswith("$") for one in last)


def _prefers(call: Call, returned: str) -> bool:
    return call.request.prefer("return") == returned


def _updated(http_date: str | None, resource: bytes | None) -> str | None:
    """When a version was written: as its ``meta`` says where it is at hand, else the second of Last-Modified."""
    if http_date is None:
        return None
    meta = json.loads(json_text.members(resource).get("meta", b"{}")) if resource else {}
    told = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return told if isinstance(told, str) else f"{parsedate_to_datetime(http_date):%Y-%m-%dT%H:%M:%SZ}"


def _request(outer: Request, entry: Json, text: bytes | None) -> Request:
    asked = entry.get("request")
    if (
        not isinstance(asked, dict)
        or not isinstance(asked.get("method"), str)
        or not isinstance(asked.get("url"), str)
    ):
        raise InputError(
            "the entry needs `request` with method and url", code="required", expression="request"
        )
    method, url = asked["method"], asked["url"]
    path, _, query = url.removeprefix(outer.base).strip("/").partition("?")
    if (not path and method != "GET") or (not path and not query):
        raise InputError(f"an entry cannot ask for {url[:100]!r}", code="invalid", expression="request.url")
    headers = {"prefer": outer.header("prefer")}
    for name, header in _FORWARDED.items():
        if isinstance(told := asked.get(name), str):
            headers[header] = _http_date(told) if name == "ifModifiedSince" else told
    body = text if text is not None and method in _WITH_BODY else b""
    if method == "PATCH":
        body, headers["content-type"] = _patch(text)
    segments = tuple(unquote(segment) for segment in path.strip("/").split("/")) if path else ()
    return Request(method, segments, query, headers, outer.base, body)


def _http_date(instant: str) -> str:
    """An instant as a header has it; what is none is passed over there."""
    try:
        return formatdate(datetime.fromisoformat(instant).timestamp(), usegmt=True)
    except (ValueError, OverflowError):
        return instant


def _patch(text: bytes | None) -> tuple[bytes, str]:
    patch = patch_of_entry(text or b"null")
    return patch.text, patch.media
