"""A request as the interactions see it, and the answer they give; nothing here knows the framework."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from fhir_vitiligo.errors import FhirVitiligoError, InputError
from fhir_vitiligo.search.query import Pairs, query_pairs

FHIR_JSON = "application/fhir+json; charset=utf-8"
FHIR_XML = "application/fhir+xml; charset=utf-8"

Scope = MutableMapping[str, Any]

_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)
# Of headers that ask for nothing, and what is accepted by those who take JSON as it is.
_SAYS_NOTHING = frozenset(
    {"host", "accept", "accept-encoding", "accept-language", "connection", "user-agent"}
)
_JSON = frozenset({"*/*", "application/fhir+json", "application/json"})
_SECRET = frozenset({b"authorization", b"proxy-authorization", b"cookie"})  # not kept for the next request
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)


class Response(NamedTuple):
    """Status, body, headers. The length is added when it is sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})


class Request(NamedTuple):
    """``path``: the segments behind the base, decoded. ``query``: as sent. ``headers``: lower-case names;
    of a repeated one the values joined by commas. ``base``: the URL of the FHIR base as the client knows
    it. ``refused``: what is wrong with entries of a batch (by number) that could not be read in the form they came in.
    """

    method: str
    path: tuple[str, ...]
    query: str
    headers: Mapping[str, str]
    base: str
    body: bytes = b""
    refused: Mapping[int, FhirVitiligoError] | None = None

    def header(self, name: str) -> str:
        """The value of a header by its lower-case name; empty if it was not sent."""
        return self.headers.get(name, "")

    def pairs(self) -> Pairs:
        """The query, decoded; :class:`~fhir_vitiligo.errors.InputError` if it cannot be."""
        return query_pairs(self.query) if self.query else []

    def with_body(self, body: bytes) -> Request:
        """The same with a body."""
        # _replace takes twice as long.
        return Request(self.method, self.path, self.query, self.headers, self.base, body)

    def prefer(self, name: str) -> str:
        """A preference of the ``Prefer`` header (RFC 7240), ``return`` or ``handling``; empty if there is
        none.
        """
        preferences = self.headers.get("prefer")
        return "" if preferences is None else _preferences(preferences).get(name, "")


class Head(NamedTuple):
    """What the headers of a request say: by name, and ``base``. ``is_plain``: nothing in them asks for more than the thing
    itself in JSON.
    """

    headers: Mapping[str, str]
    base: str
    is_plain: bool


def head_of(scope: Scope, base_path: str) -> Head:
    """The headers in an ASGI scope."""
    raw = tuple([(name, value) for name, value in scope["headers"]])
    server = scope.get("server") or ("localhost", None)
    # A client sends the same headers with most of its requests.
    read = _known_head if _SECRET.isdisjoint([name for name, _ in raw]) else _head
    return read(raw, scope.get("scheme", "http"), str(server[0]), server[1], base_path)


def request_of(scope: Scope, base_path: str, body: bytes, head: Head | None = None) -> Request:
    """The request in an ASGI scope whose path begins with ``base_path``."""
    head = head or head_of(scope, base_path)
    path = tuple(scope["path"][len(base_path) :].strip("/").split("/"))
    return Request(
        scope["method"],
        () if path == ("",) else path,
        _utf8(scope["query_string"]),
        head.headers,
        head.base,
        body,
    )


def _head(
    raw: tuple[tuple[bytes, bytes], ...], scheme: str, server: str, port: int | None, base_path: str
) -> Head:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    url = base_url({"scheme": scheme, "server": (server, port)}, headers)
    is_plain = headers.keys() <= _SAYS_NOTHING and headers.get("accept", "*/*") in _JSON
    return Head(MappingProxyType(headers), url + base_path, is_plain)


_known_head = lru_cache(maxsize=512)(_head)


def _utf8(query: bytes) -> str:
    try:
        return query.decode()
    except UnicodeDecodeError:
        raise InputError("the query is not UTF-8", code="invalid") from None


def base_url(scope: Scope, headers: Mapping[str, str]) -> str:
    """Scheme, host and prefix under which the client reached this server (RFC 7239, X-Forwarded-*, Host).

    What is not a host or a prefix is not repeated into answers.
    """
    server = scope.get("server") or ("localhost", None)
    return _base_url(
        scope.get("scheme", "http"),
        headers.get("host", ""),
        headers.get("forwarded", ""),
        headers.get("x-forwarded-proto", ""),
        headers.get("x-forwarded-host", ""),
        headers.get("x-forwarded-port", ""),
        headers.get("x-forwarded-prefix", ""),
        str(server[0]),
        server[1],
    )


@lru_cache(maxsize=256)
def _base_url(
    scheme: str,
    host: str,
    forwarded: str,
    forwarded_proto: str,
    forwarded_host: str,
    forwarded_port: str,
    forwarded_prefix: str,
    server: str,
    server_port: int | None,
) -> str:
    standard = _forwarded(forwarded)
    # The first of several proxies is the one that the client spoke to.
    protocol = standard.get("proto") or forwarded_proto.split(",")[0].strip()
    if protocol in ("http", "https"):
        scheme = protocol
    asked = standard.get("host") or forwarded_host.split(",")[0].strip()
    if _HOST.fullmatch(asked):
        host = asked
        port = forwarded_port.split(",")[0].strip()
        bare = ":" not in host.rpartition("]")[2]
        if bare and port.isascii() and port.isdigit() and port != {"http": "80", "https": "443"}[scheme]:
            host = f"{host}:{port}"
    if not _HOST.fullmatch(host):
        host = server if server_port is None else f"{server}:{server_port}"
    prefix = forwarded_prefix.split(",")[0].strip().rstrip("/")
    return f"{scheme}://{host}{prefix if _PREFIX.fullmatch(prefix) else ''}"


def _forwarded(header: str) -> dict[str, str]:
    """``{"proto": "https", "host": "example.org"}`` of the first element of a ``Forwarded`` header."""
    found: dict[str, str] = {}
    for part in header.split(",")[0].split(";"):
        name, _, value = part.partition("=")
        found[name.strip().lower()] = value.strip().strip('"')
    return found


@lru_cache(maxsize=256)
def _preferences(header: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in re.split(r"[,;]", header):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found
