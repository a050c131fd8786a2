"""The FHIR API as a plain ASGI application: reads the request, finds its route, sends the answer.

Plain ASGI because a request costs a quarter of what it costs through the framework's endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server import memory, routes
from fhir_vitiligo.server.call import Service
from fhir_vitiligo.server.checks import Checks
from fhir_vitiligo.server.compression import compressed, takes_gzip
from fhir_vitiligo.server.conditions import version_headers
from fhir_vitiligo.server.conformance import capability_text
from fhir_vitiligo.server.content import Wanted, in_general, incoming, outgoing, wanted_form
from fhir_vitiligo.server.cors import Cors
from fhir_vitiligo.server.errors import RefusedError, error_response, too_large, unexpected_response
from fhir_vitiligo.server.message import FHIR_JSON, Head, Request, Response, Scope, head_of, request_of
from fhir_vitiligo.server.releases import given_out, named, taken_in
from fhir_vitiligo.server.sending import Send, send_resource, send_response
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.server.shaping import check_shape, shaped
from fhir_vitiligo.storage.repository import Repository

_FHIR_JSON = FHIR_JSON.encode()
_JSON = b"application/json; charset=utf-8"
_VARY = "Accept, Accept-Encoding"
# What could not be repeated in a header is not repeated.
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class FhirApi:
    """The ASGI application for everything at and below the base path."""

    def __init__(self, repository: Repository, settings: Settings, release: Release) -> None:
        self._settings = settings
        self._depth = len(settings.base_path.split("/"))
        self._cors = Cors(settings.cors_origins)
        self._service = Service(
            repository, settings, release, datetime.now(UTC), self.dispatch, Checks(settings, release)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})  # cannot accept
            return
        request: Request | None = None
        body: bytes | None = None
        try:
            self._check_query(scope)
            head = head_of(scope, self._settings.base_path)
            if head.is_plain and scope["method"] == "GET" and await self._plain_read(scope, head, send):
                return
            request = request_of(scope, self._settings.base_path, b"", head)
            body = await self._body(scope, receive)
            if body is None:
                return  # the client has gone
            if body:
                request = request.with_body(body)
            response = await self._answer(request)
        except FhirVitiligoError as error:
            response = error_response(error)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the client gets an OperationOutcome
            response = unexpected_response(error)
        if request is not None:
            response = self._for_transport(request, response)
        await send_response(response, send, with_body=scope["method"] != "HEAD")
        if body is not None and len(body) > memory.LARGE:
            del request, response, body
            memory.give_back()

    async def _plain_read(self, scope: Scope, head: Head, send: Send) -> bool:
        """Answers a read that asks for nothing but a resource that is there, or for the capability statement, as any other
        way would (a test says so) at half the cost. False: it is something else.
        """
        path = scope["path"].split("/")
        if scope["query_string"]:
            return False
        if len(path) == self._depth + 1 and path[-1] == "metadata":
            return await self._plain_metadata(head, send)
        if len(path) != self._depth + 2 or path[-2] == "Binary":  # which may be asked for what it holds
            return False
        version = await self._service.repository.read(path[-2], path[-1])
        if version is None or version.content is None or len(version.content) >= self._settings.compress_from:
            return False
        headers = version_headers(version)
        headers["Vary"] = _VARY
        await send_resource(version.content, headers, _media(head), send)
        return True

    async def _plain_metadata(self, head: Head, send: Send) -> bool:
        if takes_gzip(head.headers.get("accept-encoding", "")):
            return False
        text = capability_text(self._service, head.base, self._service.release)
        await send_resource(text, {"Vary": _VARY}, _media(head), send)
        return True

    async def _answer(self, request: Request) -> Response:
        """The answer to a request from outside, in the format it asks for."""
        if request.method == "OPTIONS":
            return self._options(request)
        release = self._service.release
        wanted = wanted_form(request, release)
        try:
            request = incoming(request, release, self._settings.max_body_bytes)
            request = await taken_in(request, release, self._service.checks)
        except FhirVitiligoError as error:
            return self._finished(request, error_response(error), wanted)
        if "_format" in request.query:
            wanted = wanted_form(request, release)  # a form may say it too
        if wanted.release is release:
            return self._finished(request, await self.dispatch(request), wanted)
        # What is left out of a resource is named in the words of the release that is answered in.
        answer = given_out(request, await self._interaction(request), release, wanted.release)
        return self._finished(request, self._shaped(request, answer, wanted.release), wanted)

    def _finished(self, request: Request, response: Response, wanted: Wanted) -> Response:
        """The answer in the format asked for; in another release than the stored one it names it."""
        response = outgoing(request, response, wanted.format, wanted.release)
        if wanted.release is not self._service.release:
            response = named(response, wanted.release)
        if wanted.media:
            response = in_general(response, wanted.media)
        if "ETag" not in response.headers or wanted[:2] == ("json", self._service.release):
            return response
        # Every form of a version has its tag. What a cache has under it is JSON as stored, or else 304 could mean another form.
        return Response(response.status, response.body, {**response.headers, "Cache-Control": "no-store"})

    async def dispatch(self, request: Request) -> Response:
        """The answer to a request, in JSON; nothing is raised."""
        return self._shaped(request, await self._interaction(request), self._service.release)

    async def _interaction(self, request: Request) -> Response:
        try:
            if request.query:
                check_shape(request)
            route, call = routes.find(request, self._service)
            return await route.answer(call)
        except FhirVitiligoError as error:
            return error_response(error)
        except Exception as error:  # noqa: BLE001 - as above, also for an entry of a batch
            return unexpected_response(error)

    def _shaped(self, request: Request, response: Response, release: Release) -> Response:
        try:
            return shaped(request, response, release)
        except FhirVitiligoError as error:
            return error_response(error)
        except Exception as error:  # noqa: BLE001 - as above
            return unexpected_response(error)

    def _options(self, request: Request) -> Response:
        methods = routes.allowed(request.path, self._service)
        if not methods:
            raise RefusedError(404, f"there is nothing at {'/'.join(request.path)[:200]!r}", "not-found")
        headers = {"Allow": ", ".join(methods)}
        if "access-control-request-method" in request.headers:
            headers |= self._cors.preflight(request)
        return Response(204, b"", headers)

    def _for_transport(self, request: Request, response: Response) -> Response:
        """The answer with what is said of every answer, packed where it is large."""
        more = {"Vary": _VARY}
        if origin := request.headers.get("origin"):
            more |= {"Vary": f"{_VARY}, Origin", **self._cors.headers(origin)}
        if (asked := request.headers.get("x-request-id")) and _REQUEST_ID.fullmatch(asked):
            more["X-Request-Id"] = asked
        body = response.body
        is_large = len(body) >= self._settings.compress_from and body
        if is_large and takes_gzip(request.header("accept-encoding")):
            body = compressed(body)
            more["Content-Encoding"] = "gzip"
        return Response(response.status, body, {**response.headers, **more})

    def _check_query(self, scope: Scope) -> None:
        limit = self._settings.max_query_bytes
        if len(scope["query_string"]) > limit:
            raise RefusedError(
                414, f"the query is longer than {limit} bytes: search by POST to _search", "too-long"
            )

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body; None when the client has gone away; a 413 when it is larger than the settings
        allow.
        """
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return b""
        limit = self._settings.max_body_bytes
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and (len(value) > 18 or int(value) > limit):
                raise too_large(limit)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)


def _media(head: Head) -> bytes:
    """The media type of an answer in JSON to a plain request."""
    return _JSON if head.headers.get("accept") == "application/json" else _FHIR_JSON
