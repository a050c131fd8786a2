"""batch: each entry on its own (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import bundles
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.bundle import EntryResponse, response_bundle
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.errors import error_response
from fhir_vitiligo.server.message import Request

_AT_ONCE = 64  # entries of a batch whose writes may share a commit
_FORWARDED = {"ifMatch": "if-match", "ifNoneMatch": "if-none-match", "ifNoneExist": "if-none-exist"}


async def batch(call: Call, document: Json, texts: Sequence[bytes | None]) -> bytes:
    """The answer, a Bundle as JSON text. ``texts``: the resources as received, entry by entry."""
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
    return EntryResponse(
        answer.status,
        location=answer.headers.get("Location", ""),
        etag=answer.headers.get("ETag", ""),
        resource=answer.body if answer.status == 200 and _is_read(entry) else None,
        outcome=answer.body if answer.status >= 400 else None,
    )


def _is_read(entry: Json) -> bool:
    """Whether the entry asks for a resource or a search, the answer to which is its body."""
    return bool(entry.get("request", {}).get("method") == "GET")


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
    url: str = asked["url"]
    path, _, query = url.removeprefix(outer.base).strip("/").partition("?")
    if not path or (path == "metadata" and asked["method"] != "GET"):
        raise InputError(f"an entry cannot ask for {url[:100]!r}", code="invalid", expression="request.url")
    headers = {"prefer": outer.header("prefer")}
    for name, header in _FORWARDED.items():
        if isinstance(asked.get(name), str):
            headers[header] = asked[name]
    body = text if text is not None and asked["method"] in ("POST", "PUT") else b""
    return Request(asked["method"], tuple(path.strip("/").split("/")), query, headers, outer.base, body)
