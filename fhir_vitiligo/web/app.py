"""The pages around the server: a browser gets a page where a program gets the resource.

Who asks for HTML before JSON and XML (``Accept``, https://hl7.org/fhir/R4/http.html#mime-type, or ``_format=html``) is a browser.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.query import PRESENTATION
from fhir_vitiligo.server.api import Receive
from fhir_vitiligo.server.message import FHIR_JSON, Request, Response, Scope, request_of
from fhir_vitiligo.server.run import App
from fhir_vitiligo.server.sending import Send
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.web.pages import Pages

_HTML = ("text/html", "application/xhtml+xml", "html")
_API_PAGE = "/docs"
_NOT_PASSED_ON = (b"accept", b"accept-encoding")
# What a browser has of a page says nothing about the JSON that the next page is drawn from.
_OF_A_PAGE = (b"if-none-match", b"if-modified-since")


def with_pages(app: App, settings: Settings, release: Release) -> App:
    """The application with pages for browsers; every other request goes to it as it came."""
    pages = Pages(settings, release)
    base = settings.base_path

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (_mentions_html(scope) and _is_for_people(scope["path"], base)):
            await app(scope, receive, send)
            return
        request = _asked_for_a_page(scope, base)
        if request is None:
            await app(scope, receive, send)
        elif scope["path"] == "/" or (scope["path"].rstrip("/") == base and _asks_nothing(request)):
            await _send(pages.first(request), scope, send)
        elif scope["path"] == _API_PAGE:
            await _send(pages.api(request), scope, send)
        else:
            response = await _answer_of(app, request, scope, receive)
            if response is not None:
                await _send(pages(request, response) or response, scope, send)

    return answer


def _asks_nothing(request: Request) -> bool:
    """Who opens the base in a browser wants to see what is there; for a program it is a search that names nothing."""
    asked = request.query and any(name not in PRESENTATION for name, _ in request.pairs())
    return request.method in ("GET", "HEAD") and not asked


def _mentions_html(scope: Scope) -> bool:
    """False for nearly every request of a program, which is then not looked at twice."""
    return b"_format" in scope["query_string"] or any(
        name == b"accept" and b"html" in value.lower() for name, value in scope["headers"]
    )


def _is_for_people(path: str, base: str) -> bool:
    return path in ("/", _API_PAGE, base) or path.startswith(f"{base}/")


def _asked_for_a_page(scope: Scope, base: str) -> Request | None:
    """The request, if it is one of a browser."""
    try:
        request = request_of(scope, base, b"")
        if "_format" in request.query:
            formats = [value for name, value in request.pairs() if name == "_format"]
            if formats:
                return request if formats[0] in _HTML else None
    except FhirVitiligoError:
        return None  # the application says what is wrong with it
    return request if prefers_html(request.header("accept")) else None


@lru_cache(maxsize=256)
def prefers_html(accept: str) -> bool:
    """Whether HTML is what the header asks for before anything else (RFC 9110, 12.5.1)."""
    best, weight = "", 0.0
    for media_range in accept.split(","):
        media, *options = (part.strip().lower() for part in media_range.split(";"))
        asked = _weight(options)
        if asked > weight:
            best, weight = media, asked
    return best in _HTML


def _weight(options: list[str]) -> float:
    for option in options:
        name, _, value = option.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


async def _answer_of(app: App, request: Request, scope: Scope, receive: Receive) -> Response | None:
    """What the application answers in JSON; None when it does not answer, since the client has gone."""
    status = 0
    headers: dict[str, str] = {}
    parts: list[bytes] = []

    async def take(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.update(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
            )
        else:
            parts.append(message.get("body", b""))

    is_read = scope["method"] in ("GET", "HEAD")
    left_out = (*_NOT_PASSED_ON, *_OF_A_PAGE) if is_read else _NOT_PASSED_ON
    plain = [pair for pair in scope["headers"] if pair[0] not in left_out]
    accept = (b"accept", FHIR_JSON.partition(";")[0].encode())
    # Without a body a page says nothing, and a HEAD is answered with the headers of the GET.
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    asked = {**scope, "method": method, "headers": [*plain, accept]}
    if "_format" in request.query:
        pairs = [pair for pair in request.pairs() if pair[0] != "_format"]
        asked["query_string"] = urlencode(pairs).encode()
    await app(asked, receive, take)
    return Response(status, b"".join(parts), headers) if status else None


async def _send(response: Response, scope: Scope, send: Send) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
        if name.lower() != "content-length"
    ]
    if response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})
