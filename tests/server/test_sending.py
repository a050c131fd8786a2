"""Answers over real connections: handed to uvicorn in one piece, or told to it by ASGI, a client sees no difference."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from fhir_vitiligo.server import sending
from fhir_vitiligo.server.message import Response

from .support import Process, running_server

pytest.importorskip("httptools", reason="without httptools every answer is told by ASGI")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running_server(tmp_path_factory.mktemp("sending") / "store.sqlite") as process:
        put = b'{"resourceType":"Patient","id":"a","gender":"male"}'
        assert exchange(process, request("PUT", "/fhir/Patient/a", put), 1)[0][0].startswith("HTTP/1.1 201")
        yield process


def request(method: str, path: str, body: bytes = b"", *more: str, version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: here", "Accept: application/fhir+json", *more]
    if body:
        lines += ["Content-Type: application/fhir+json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def exchange(server: Process, sent: bytes, answers: int, is_slow: bool = False) -> list[tuple[str, bytes]]:
    """Head and body of so many answers to what is sent at once; the connection is left to the server to close or keep."""
    host, _, port = server.base.removeprefix("http://").partition("/")[0].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(sent)
        file = connection.makefile("rb", buffering=4096 if is_slow else -1)
        return [answer(file) for _ in range(answers)]


def answer(file: Any) -> tuple[str, bytes]:
    lines = []
    while (line := file.readline()) not in (b"\r\n", b""):
        lines.append(line.decode().rstrip("\r\n"))
    lengths = [int(line.split(":")[1]) for line in lines if line.startswith("content-length:")]
    return "\n".join(lines), file.read(lengths[0]) if lengths else b""


def without_connection(head: str) -> list[str]:
    return [line for line in head.split("\n") if not line.startswith(("connection:", "date:"))]


PATHS = (
    "/fhir/Patient/a",
    "/fhir/Patient?gender=male",
    "/fhir/metadata",
    "/fhir/Patient/never",
    "/fhir/Nothing",
)


@pytest.mark.parametrize("path", PATHS)
def test_who_closes_the_connection_gets_the_same_answer(server: Process, path: str) -> None:
    ((kept, body),) = exchange(server, request("GET", path), 1)
    for more in (("Connection: close",), ("X: y", "Connection: close")):
        ((closed, other),) = exchange(server, request("GET", path, b"", *more), 1)
        assert "connection: close" in closed
        assert without_connection(closed) == without_connection(kept)
        assert other == body
    ((_, old),) = exchange(server, request("GET", path, version="1.0"), 1)
    assert old == body


def test_the_head_alone_is_sent_when_it_is_asked_for(server: Process) -> None:
    sent = request("HEAD", "/fhir/Patient/a") + request("GET", "/fhir/Patient/a")
    host, _, port = server.base.removeprefix("http://").partition("/")[0].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(sent)
        file = connection.makefile("rb")
        head = []
        while (line := file.readline()) != b"\r\n":
            head.append(line.decode().rstrip("\r\n"))
        whole, body = answer(file)
    assert without_connection("\n".join(head)) == without_connection(whole)
    assert b'"id":"a"' in body


def test_requests_one_behind_another_are_answered_in_their_order(server: Process) -> None:
    paths = [PATHS[number % len(PATHS)] for number in range(40)]
    alone = {path: exchange(server, request("GET", path), 1)[0][1] for path in PATHS}
    found = exchange(server, b"".join(request("GET", path) for path in paths), len(paths), is_slow=True)
    assert [body for _, body in found] == [alone[path] for path in paths]


def test_a_client_that_reads_late_gets_everything(server: Process) -> None:
    found = exchange(server, request("GET", "/fhir/metadata") * 60, 60, is_slow=True)
    assert len({body for _, body in found}) == 1
    assert len(found[0][1]) > 200_000


def test_a_body_that_waits_to_be_asked_for(server: Process) -> None:
    body = b'{"resourceType":"Patient","id":"b"}'
    sent = request("PUT", "/fhir/Patient/b", body, "Expect: 100-continue")
    (first, _), (second, _) = exchange(server, sent, 2)
    assert first == "HTTP/1.1 100 Continue"
    assert second.startswith("HTTP/1.1 201")


def cycle(**members: Any) -> Any:
    """uvicorn's state of a request, as far as it matters here."""
    made = object.__new__(sending.RequestResponseCycle)
    written: list[bytes] = []
    known: dict[str, Any] = {
        "response_started": False, "response_complete": False, "disconnected": False, "access_log": False,
        "keep_alive": True, "waiting_for_100_continue": False, "default_headers": [(b"date", b"now")],
        "flow": SimpleNamespace(write_paused=False), "message_event": asyncio.Event(), "written": written,
        "transport": SimpleNamespace(write=written.append, writelines=written.extend), "on_response": lambda: None,
    }  # fmt: skip
    for name, value in {**known, **members}.items():
        setattr(made, name, value)
    return made


def test_an_answer_is_one_write() -> None:
    one = cycle()
    assert sending.sent_at_once(one.send, 200, [(b"a", b"b")], b"{}")
    assert one.written == [b"HTTP/1.1 200 OK\r\ndate: now\r\na: b\r\n\r\n{}"]
    assert one.response_complete


@pytest.mark.parametrize(
    "members",
    [
        {"keep_alive": False},
        {"access_log": True},
        {"disconnected": True},
        {"response_started": True},
        {"flow": SimpleNamespace(write_paused=True)},
    ],
)
def test_what_is_more_than_to_write_is_left_to_uvicorn(members: dict[str, Any]) -> None:
    one = cycle(**members)
    assert not sending.sent_at_once(one.send, 200, [], b"{}")
    assert one.written == []


def test_an_answer_that_closes_the_connection_is_left_to_uvicorn(server: Process) -> None:
    one = cycle()
    assert not sending.sent_at_once(one.send, 413, [(b"connection", b"close")], b"{}")
    assert one.written == []
    host, _, port = server.base.removeprefix("http://").partition("/")[0].partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request("POST", "/fhir/Patient", b"", f"Content-Length: {10**12}"))
        file = connection.makefile("rb")
        head, body = answer(file)
        assert head.startswith("HTTP/1.1 413")
        assert b"larger than" in body
        assert file.read() == b"", "the connection is closed"


@pytest.mark.parametrize("value", [b"x\r\nSet-Cookie: y", b"x\ny", b"x\0"])
def test_no_header_begins_another(value: bytes) -> None:
    one = cycle()
    assert not sending.sent_at_once(one.send, 200, [(b"a", value)], b"{}")
    assert one.written == []


def test_who_stands_in_between_sees_every_message() -> None:
    one, seen = cycle(), []

    async def send(message: Any) -> None:
        seen.append(message["type"])

    asyncio.run(sending.send_response(Response(200, b"{}", {"A": "b"}), send, with_body=True))
    assert seen == ["http.response.start", "http.response.body"]
    assert one.written == []
