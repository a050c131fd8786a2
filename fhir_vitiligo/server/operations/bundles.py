"""What several operations share: everything that a search finds, and a searchset of versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_vitiligo.fhir import json
from fhir_vitiligo.search.query import Pairs, parse_query
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.repository import StoredVersion

MOST = 20_000
"""Resources of one answer; more are refused rather than cut off in silence."""


async def everything_found(call: Call, resource_type: str, pairs: Pairs) -> list[StoredVersion]:
    """All results of a search, page after page."""
    repository, parameters = call.service.repository, call.service.parameters
    query = parse_query(parameters, resource_type, pairs, base=call.request.base, strict=True)
    query = replace(query, count=call.service.settings.max_count, total=False)
    found: list[StoredVersion] = []
    while True:
        page = await repository.search(query)
        found += page.versions
        if len(found) > MOST:
            raise too_many()
        if page.next is None:
            return found
        query = replace(query, after=page.next)


def too_many() -> RefusedError:
    return RefusedError(
        413, f"more than {MOST} resources would be the answer: narrow the question", "too-costly"
    )


def searchset_of(
    call: Call, versions: Iterable[StoredVersion], included: Sequence[StoredVersion] = ()
) -> Response:
    """The versions as a searchset Bundle with the request as its self link."""
    entries = [_entry(call, version, "match") for version in versions if version.content is not None]
    total = len(entries)
    entries += [_entry(call, version, "include") for version in included if version.content is not None]
    url = f"{call.request.base}/{'/'.join(call.request.path)}" + (
        f"?{call.request.query}" if call.request.query else ""
    )
    head = b'{"resourceType":"Bundle","type":"searchset","total":%d,"link":[{"relation":"self","url":%s}]' % (
        total,
        json.dumps(url),
    )
    tail = b',"entry":[' + b",".join(entries) + b"]}" if entries else b"}"
    return resource_response(call.request, 200, head + tail)


def _entry(call: Call, version: StoredVersion, mode: str) -> bytes:
    full_url = json.dumps(f"{call.request.base}/{version.type}/{version.id}")
    return b'{"fullUrl":%s,"resource":%s,"search":{"mode":"%s"}}' % (full_url, version.content, mode.encode())
