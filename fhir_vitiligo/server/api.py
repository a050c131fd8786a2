"""The FHIR API as a plain ASGI application: reads the request, finds its route, sends the answer.

Plain ASGI because a request costs a quarter of what it costs through the framework's endpoints.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server import routes
from fhir_vitiligo.server.call import Service
from fhir_vitiligo.server.content import check_accept
from fhir_vitiligo.server.errors import RefusedError, error_response, unexpected_response
from fhir_vitiligo.server.message import Request, Response, Scope, request_of
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.repository import Repository

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FhirApi:
    """The ASGI application for everything at and below the base path."""

    def __init__(self, repository: Repository, settings: Settings, release: Release) -> None:
        self._settings = settings
        self._service = Service(repository, settings, release, datetime.now(UTC), self.dispatch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})  # cannot accept
            return
        try:
            self._check_query(scope)
            body = await self._body(scope, receive)
            if body is None:
                return  # the client has gone
            response = await self.dispatch(request_of(scope, self._settings.base_path, body))
        except FhirVitiligoError as error:
            response = error_response(error)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the client gets an OperationOutcome
            response = unexpected_response(error)
        await _send(response, send, with_body=scope["method"] != "HEAD")

    async def dispatch(self, request: Request) -> Response:
        """The answer to a request; nothing is raised."""
        try:
            check_accept(request, self._service.release)
            route, call = routes.find(request, self._service)
            return await route.answer(call)
        except FhirVitiligoError as error:
            return error_response(error)
        except Exception as error:  # noqa: BLE001 - as above, also for an entry of a batch
            return unexpected_response(error)

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
        if scope["method"] in ("GET", "HEAD"):
            return b""
        limit = self._settings.max_body_bytes
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and (len(value) > 18 or int(value) > limit):
                raise _too_large(limit)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            parts.append(part)
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> RefusedError:
    # What is still on its way is not read, so the connection is of no more use.
    return RefusedError(
        413, f"the body is larger than {limit} bytes: send it in parts", "too-long", {"Connection": "close"}
    )


async def _send(response: Response, send: Send, *, with_body: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()
    ]
    if response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body if with_body else b""})
