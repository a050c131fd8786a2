"""batch: each entry on its own (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import unquote

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import bundles, json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.bundle import EntryResponse, response_bundle
from fhir_vitiligo.server.call import Call
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


async def batch(call: Call, document: Json, texts: Sequence[bytes | None]) -> bytes:
    """The answer, a Bundle as JSON text. ``texts``: the resources as received, entry by entry; they do not stand in
    ``document``.
    """
    entries = bundles.entries(document)
    answers: list[EntryResponse] = []
    for start in range(0, len(entries), _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, len(entries)))
        answers += await asyncio.gather(*(_batch_entry(call, entries[index], texts[index]) for index in some))
    return response_bundle("batch-response", answers)


async def _batch_entry(call: Call, entry: Json, text: bytes | None) -> EntryResponse:
    """An entry on its own: the request it stands for, answered like any other, faults too."""
    try:
        request = _request(call.request, entry, text)
    except InputError as error:
        answer = error_response(error)
    else:
        answer = await call.service.dispatch(request)
    is_read = entry.get("request", {}).get("method") == "GET" if answer.status < 400 else False
    body = answer.body or None
    is_outcome = body is not None and (answer.status >= 400 or (not is_read and _tells(call)))
    is_shown = is_read or (not is_outcome and _shows(call, request))
    return EntryResponse(
        answer.status,
        location=answer.headers.get("Location", ""),
        etag=answer.headers.get("ETag", ""),
        updated=_updated(answer.headers.get("Last-Modified"), body if is_shown else None),
        resource=body if is_shown else None,
        outcome=body if is_outcome else None,
    )


def _tells(call: Call) -> bool:
    return call.request.prefer("return") == "OperationOutcome"


def _shows(call: Call, request: Request) -> bool:
    """Whether the answer to a write is the resource; of an operation it always is what was asked for."""
    is_operation = request.path[-1].startswith("$")
    return is_operation or call.request.prefer("return") == "representation"


def _updated(http_date: str | None, shown: bytes | None) -> str | None:
    """When a version was written: as its ``meta`` says where it is shown, else the second of Last-Modified."""
    if http_date is None:
        return None
    resource = None if shown is None else json.loads(shown)
    meta = resource.get("meta") if isinstance(resource, dict) else None
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
    resource = None if text is None else json.loads(text)
    if not isinstance(resource, dict) or text is None:
        raise InputError("PATCH needs `resource`", code="required", expression="resource")
    patch = patch_of_entry(resource)
    return (text if patch.asked is resource else json.dumps(patch.asked)), patch.media
