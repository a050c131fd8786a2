"""An answer on its way to the client.

By ASGI it is told in two messages, which the web server checks, writes and sends one by one. Where the one who waits for
them is uvicorn itself, and nothing in between wants to see them, head and body are handed over in one piece: that is one
packet instead of two, and spares a read a sixth of what it costs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from fhir_vitiligo.server.message import Response

try:
    from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
except ImportError:  # without httptools uvicorn has another state for each connection
    RequestResponseCycle = None  # type: ignore[assignment, misc]

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_JOINED = 64 * 1024  # bytes of a body: to copy fewer is cheaper than to send from two places
_NO_BODY = (204, 304)


async def send_response(response: Response, send: Send, *, with_body: bool) -> None:
    """Sends an answer; without its body to a HEAD."""
    headers = [(_raw_name(name), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status not in _NO_BODY:
        headers.append((b"content-length", b"%d" % len(response.body)))
        if with_body and sent_at_once(send, response.status, headers, response.body):
            return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body if with_body else b""})


async def send_resource(content: bytes, headers: Mapping[str, str], media: bytes, send: Send) -> None:
    """Sends a stored resource as it is, with 200."""
    raw = [
        (b"content-type", media),
        *[(_raw_name(name), value.encode("latin-1")) for name, value in headers.items()],
        (b"content-length", b"%d" % len(content)),
    ]
    if not sent_at_once(send, 200, raw, content):
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await send({"type": "http.response.body", "body": content})


def sent_at_once(send: Send, status: int, headers: Headers, body: bytes) -> bool:
    """Hands a whole answer to the connection. False, and nothing is sent, where ``send`` is not uvicorn's own, or it has more
    to do than to write: close the connection, wait for a slow client, write a log.
    """
    cycle: Any = getattr(send, "__self__", None)
    if (
        type(cycle) is not RequestResponseCycle
        or cycle.response_started
        or cycle.disconnected
        or cycle.access_log
        or cycle.flow.write_paused
        or not cycle.keep_alive
        or b"connection" in [name for name, _ in headers]
    ):
        return False
    head = STATUS_LINE[status] + _lines((*cycle.default_headers, *headers))
    # What would begin a line of its own is for uvicorn to refuse.
    if head.count(b"\n") != len(cycle.default_headers) + len(headers) + 2 or b"\0" in head:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
    if len(body) < _JOINED:
        cycle.transport.write(head + body)
    else:
        cycle.transport.writelines((head, body))
    cycle.on_response()
    return True


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%s: %s\r\n" % header for header in headers]) + b"\r\n"


@lru_cache(maxsize=256)
def _raw_name(name: str) -> bytes:
    return name.lower().encode("latin-1")
