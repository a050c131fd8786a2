"""Bundles as answers, spliced from the stored text of the resources: nothing is decoded to be sent.

https://hl7.org/fhir/R4/bundle.html: searchset, history, transaction-response and batch-response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote_plus
from uuid import NAMESPACE_URL, uuid5

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.search.not_served import PARAMETERS
from fhir_vitiligo.search.query import Pairs, SearchQuery
from fhir_vitiligo.server.message import Request
from fhir_vitiligo.storage.repository import HistoryPage, Page, StoredVersion, instant

BEFORE = "_before"
"""The parameter of a history that says behind which version it goes on."""
# Of what RFC 3986 allows in a query, what stays readable. It does not allow a bar: Java refuses such an address.
_READABLE = ",:/$"
_PLAIN = re.compile(r"[\w.~|,:/$-]*", re.ASCII).fullmatch


def searchset(
    base: str, query: SearchQuery, page: Page, path: str | None = None, following: Pairs | None = None
) -> bytes:
    """A page of search results: total where it was counted, self and next link, what comes along, and what was left
    out of the query. ``path`` is where the search was asked, below the base; the resource type if not given. ``following``
    is the query of the next link where it is not this one's.
    """
    url = _below(base, query.resource_type if path is None else path)
    links: list[tuple[str, str, Pairs]] = [("self", url, query.applied)]
    if page.next is not None:
        links.append(("next", url, following or query.following(page.next)))
    # Scripts of pages add a bare underscore with the time to every address, to get past caches.
    unknown = [name for name in query.ignored if name.strip("_")]
    outcome = _left_out(query, unknown) if unknown else None
    return found_bundle(base, links, page.versions, page.included, page.total, outcome)


def found_bundle(
    base: str,
    links: Iterable[tuple[str, str, Pairs]],
    matches: Iterable[StoredVersion],
    included: Iterable[StoredVersion] = (),
    total: int | None = None,
    outcome: json.Json | None = None,
) -> bytes:
    """A searchset of these versions; ``links`` as relation, URL and query."""
    entries = _found(base, matches, b"match") + _found(base, included, b"include")
    if outcome is not None:
        text = json.dumps(outcome)
        name = uuid5(NAMESPACE_URL, text.decode()).urn.encode()
        entries.append(b'{"fullUrl":"%s","resource":%s,"search":{"mode":"outcome"}}' % (name, text))
    told = b"" if total is None else b',"total":%d' % total
    return _bundle(
        "searchset", told + b',"link":[' + b",".join([_link(*one) for one in links]) + b"]", entries
    )


def _found(base: str, versions: Iterable[StoredVersion], mode: bytes) -> list[bytes]:
    start, end = b'{"fullUrl":"%s/' % base.encode(), b',"search":{"mode":"%s"}}' % mode
    return [
        b'%s%s","resource":%s%s' % (start, f"{version.type}/{version.id}".encode(), version.content, end)
        for version in versions
        if version.content is not None
    ]


def history_bundle(request: Request, page: HistoryPage, applied: Pairs) -> bytes:
    """A page of versions in the order given, a deletion as an entry without a resource. ``applied`` is what of the query was
    understood.
    """
    url = _below(request.base, "/".join(request.path))
    entries = [
        b'{"fullUrl":%s%s,"request":%s,"response":%s}'
        % (
            _full_url(request.base, version),
            b"" if version.content is None else b',"resource":' + version.content,
            json.dumps({"method": version.method, "url": _request_url(version)}),
            json.dumps(
                {
                    "status": _status(_status_of(version)),
                    "etag": version.etag,
                    "lastModified": instant(version.updated),
                }
            ),
        )
        for version in page.versions
    ]
    links = [_link("self", url, applied)]
    if page.next is not None:
        rest = [pair for pair in applied if pair[0] != BEFORE]
        links.append(_link("next", url, [*rest, (BEFORE, str(page.next))]))
    total = b"" if page.total is None else b',"total":%d' % page.total
    return _bundle("history", total + b',"link":[' + b",".join(links) + b"]", entries)


@dataclass(frozen=True, slots=True)
class EntryResponse:
    """What became of an entry; ``updated`` is an instant, ``resource`` and ``outcome`` are JSON text."""

    status: int
    location: str = ""
    etag: str = ""
    updated: str | None = None
    resource: bytes | None = None
    outcome: bytes | None = None


def response_bundle(bundle_type: str, responses: Iterable[EntryResponse]) -> bytes:
    """The answer to a transaction or batch, entry by entry."""
    entries = []
    for response in responses:
        told = {"status": _status(response.status)}
        if response.location:
            told["location"] = response.location
        if response.etag:
            told["etag"] = response.etag
        if response.updated is not None:
            told["lastModified"] = response.updated
        text = json.dumps(told)
        if response.outcome is not None:
            text = text[:-1] + b',"outcome":' + response.outcome + b"}"
        resource = b"" if response.resource is None else b'"resource":' + response.resource + b","
        entries.append(b"{" + resource + b'"response":' + text + b"}")
    return _bundle(bundle_type, b"", entries)


def _bundle(bundle_type: str, head: bytes, entries: Sequence[bytes]) -> bytes:
    # An empty array is no FHIR JSON: without entries there is no `entry`.
    tail = b',"entry":[' + b",".join(entries) + b"]}" if entries else b"}"
    return b'{"resourceType":"Bundle","type":"%s"%s%s' % (bundle_type.encode(), head, tail)


def _full_url(base: str, version: StoredVersion) -> bytes:
    return b'"%s/%s/%s"' % (base.encode(), version.type.encode(), version.id.encode())


def _below(base: str, path: str) -> str:
    return f"{base}/{path}" if path else base


def query_text(pairs: Pairs) -> str:
    """The query as it stands in a link."""
    return "&".join([f"{_escaped(name)}={_escaped(value)}" for name, value in pairs])


def _link(relation: str, url: str, pairs: Pairs) -> bytes:
    query = query_text(pairs)
    return json.dumps({"relation": relation, "url": url + (f"?{query}" if query else "")})


def _escaped(text: str) -> str:
    # Words, ids, dates and tokens are escaped at once.
    return text.replace("|", "%7C") if _PLAIN(text) else quote_plus(text, safe=_READABLE)


def _left_out(query: SearchQuery, unknown: Sequence[str]) -> json.Json:
    return operation_outcome(
        Issue("warning", "not-supported", "", f"{_why(query, name)}: it was left out") for name in unknown
    )


def _why(query: SearchQuery, name: str) -> str:
    if _code(name) in PARAMETERS:
        return f"the search parameter {name[:100]!r} is not served ({PARAMETERS[_code(name)]})"
    return f"{query.resource_type or 'the system'} has no search parameter {name[:100]!r}"


def _code(name: str) -> str:
    return name.partition(":")[0]


def _request_url(version: StoredVersion) -> str:
    return version.type if version.method == "POST" else f"{version.type}/{version.id}"


def _status_of(version: StoredVersion) -> int:
    return 204 if version.deleted else 201 if version.version == 1 else 200


def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"
