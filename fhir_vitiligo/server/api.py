"""The FHIR API as a plain ASGI application: reads the request, finds its route, sends the answer.

Plain ASGI because a request costs a quarter of what it costs through the framework's endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server import routes
from fhir_vitiligo.server.call import Service
from fhir_vitiligo.server.checks import Checks
from fhir_vitiligo.server.compression import compressed, takes_gzip
from fhir_vitiligo.server.content import incoming, outgoing, wanted_format
from fhir_vitiligo.server.cors import Cors
from fhir_vitiligo.server.errors import RefusedError, error_response, too_large, unexpected_response
from fhir_vitiligo.server.message import Request, Response, Scope, request_of
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.server.shaping import shaped
from fhir_vitiligo.storage.repository import Repository

# What could not be repeated in a header is not repeated.
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FhirApi:
    """The ASGI application for everything at and below the base path."""

    def __init__(self, repository: Repository, settings: Settings, release: Release) -> None:
        self._settings = settings
        self._cors = Cors(settings.cors_origins)
        self._service = Service(
            repository, settings, release, datetime.now(UTC), self.dispatch, Checks(settings, release)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})  # cannot accept
            return
        request: Request | None = None
        try:
            self._check_query(scope)
            request = request_of(scope, self._settings.base_path, b"")
            body = await self._body(scope, receive)
            if body is None:
                return  # the client has gone
            if body:
                request = replace(request, body=body)
            response = await self._answer(request)
        except FhirVitiligoError as error:
            response = error_response(error)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the client gets an OperationOutcome
            response = unexpected_response(error)
        if request is not None:
            response = self._for_transport(request, response)
        await _send(response, send, with_body=scope["method"] != "HEAD")

    async def _answer(self, request: Request) -> Response:
        """The answer to a request from outside, in the format it asks for."""
        if request.method == "OPTIONS":
            return self._options(request)
        release = self._service.release
        wanted = wanted_format(request, release)
        try:
            request = incoming(request, release, self._settings.max_body_bytes)
        except FhirVitiligoError as error:
            return outgoing(request, error_response(error), wanted, release)
        if "_format" in request.query:
            wanted = wanted_format(request, release)  # a form may say it too
        response = await self.dispatch(request)
        return outgoing(request, response, wanted, release)

    async def dispatch(self, request: Request) -> Response:
        """The answer to a request, in JSON; nothing is raised."""
        try:
            route, call = routes.find(request, self._service)
            return shaped(request, await route.answer(call), self._service.release)
        except FhirVitiligoError as error:
            return error_response(error)
        except Exception as error:  # noqa: BLE001 - as above, also for an entry of a batch
            return unexpected_response(error)

    def _options(self, request: Request) -> Response:
        methods = routes.allowed(request.path)
        if not methods:
            raise RefusedError(404, f"there is nothing at {'/'.join(request.path)[:200]!r}", "not-found")
        headers = {"Allow": ", ".join(methods)}
        if "access-control-request-method" in request.headers:
            headers |= self._cors.preflight(request)
        return Response(204, b"", headers)

    def _for_transport(self, request: Request, response: Response) -> Response:
        """The answer with what is said of every answer, packed where it is large."""
        more: dict[str, str] = {}
        if origin := request.headers.get("origin"):
            more |= {"Vary": "Accept, Accept-Encoding, Origin", **self._cors.headers(origin)}
        if (asked := request.headers.get("x-request-id")) and _REQUEST_ID.fullmatch(asked):
            more["X-Request-Id"] = asked
        body = response.body
        if len(body) >= self._settings.compress_from and body:
            more.setdefault("Vary", "Accept, Accept-Encoding")
            if takes_gzip(request.header("accept-encoding")):
                body = compressed(body)
                more["Content-Encoding"] = "gzip"
        return Response(response.status, body, {**response.headers, **more}) if more else response

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


async def _send(response: Response, send: Send, *, with_body: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
    ]
    if response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body if with_body else b""})
