"""What several operations share: everything that a search finds, and a searchset of versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fhir_vitiligo.search.query import Pairs, SearchQuery, parse_query
from fhir_vitiligo.server.bundle import found_bundle
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.repository import StoredVersion

MOST = 20_000
"""Resources of one answer; more are refused rather than cut off in silence."""


async def everything_found(call: Call, resource_type: str, pairs: Pairs) -> list[StoredVersion]:
    """All results of a search, page after page."""
    parameters = call.service.parameters
    return await all_pages(
        call, parse_query(parameters, resource_type, pairs, base=call.request.base, strict=True)
    )


async def all_pages(call: Call, query: SearchQuery) -> list[StoredVersion]:
    """All results of a search, page after page; a 413 :class:`RefusedError` when they are more than :data:`MOST`."""
    repository = call.service.repository
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
    call: Call,
    asked: Pairs,
    versions: Sequence[StoredVersion],
    included: Sequence[StoredVersion] = (),
    total: int | None = None,
    following: Pairs | None = None,
) -> Response:
    """The versions as a searchset Bundle, with what was ``asked`` as its self link. ``following``: the query of the page behind;
    without one ``versions`` are all there are.
    """
    url = f"{call.request.base}/{'/'.join(call.request.path)}"
    links = [("self", url, asked)]
    if following is not None:
        links.append(("next", url, following))
    body = found_bundle(call.request.base, links, versions, included, total)
    return resource_response(call.request, 200, body)
