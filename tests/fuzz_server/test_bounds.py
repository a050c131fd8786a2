"""Requests that are large, deep or packed small: answered within bounds of time and memory, over a real socket."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.server.support import Process, running_server

MEGABYTE = 1024 * 1024
SECONDS = 30.0
GROWTH = 600 * MEGABYTE
"""What the server may take more than it had when it was up: a body of its 64 MB limit and what is made of it."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running_server(tmp_path_factory.mktemp("bounds") / "store.sqlite") as server:
        httpx.post(f"{server.base}/Patient", json={"resourceType": "Patient", "name": [{"family": "A"}]})
        yield server


def peak(server: Process) -> int:
    """The most memory the process ever had, in bytes."""
    status = Path(f"/proc/{server.popen.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def deep(name: str, count: int) -> bytes:
    return (
        b'{"resourceType":"Patient",' + f'"{name}":[{{'.encode() * count + b'"url":"u"' + b"}]" * count + b"}"
    )


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 12))
    return (f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'
            '<Patient xmlns="http://hl7.org/fhir"><id value="&l11;"/></Patient>').encode()  # fmt: skip


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    zeros = b" " * MEGABYTE
    return b"".join(packer.compress(zeros) for _ in range(size // MEGABYTE)) + packer.flush()


def narrative(inner: str) -> bytes:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
    return json.dumps({"resourceType": "Patient", "text": {"status": "generated", "div": div}}).encode()


JSON, XML = "application/fhir+json", "application/fhir+xml"
BODIES: dict[str, tuple[str, Callable[[], bytes], dict[str, str]]] = {
    "deep extensions": (JSON, lambda: deep("extension", 100_000), {}),
    "deep contained": (JSON, lambda: deep("contained", 100_000), {}),
    "deep arrays": (JSON, lambda: b'{"resourceType":"Patient","name":' + b"[" * 500_000 + b"]" * 500_000 + b"}", {}),
    "deep XML": (XML, lambda: b'<Patient xmlns="http://hl7.org/fhir">' + b"<contact>" * 200_000, {}),
    "a huge integer": (JSON, lambda: b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 5_000_000 + b"}", {}),
    "a huge decimal": (JSON, lambda: b'{"resourceType":"Observation","valueQuantity":{"value":0.' + b"1" * 5_000_000 + b"}}", {}),
    "a huge exponent": (JSON, lambda: b'{"resourceType":"Observation","valueQuantity":{"value":1e999999999}}', {}),
    "a huge string": (JSON, lambda: json.dumps({"resourceType": "Patient", "name": [{"family": "a" * 20_000_000}]}).encode(), {}),
    "many names": (JSON, lambda: json.dumps({"resourceType": "Patient", "name": [{"family": f"n{i}"} for i in range(50_000)]}).encode(), {}),
    "many unknown elements": (JSON, lambda: json.dumps({"resourceType": "Patient"} | {f"x{i}": i for i in range(50_000)}).encode(), {}),
    "the same id often": (JSON, lambda: json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": {"resourceType": "Patient", "id": "x"}, "request": {"method": "PUT", "url": "Patient/x"}}] * 2_000}).encode(), {}),
    "billion laughs": (XML, laughs, {}),
    "an external entity": (XML, lambda: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><Patient xmlns="http://hl7.org/fhir"><id value="&a;"/></Patient>', {}),
    "laughs in a narrative": (JSON, lambda: narrative('<!DOCTYPE x [<!ENTITY a "b">]>&a;'), {}),
    "a deep narrative": (JSON, lambda: narrative("<b>" * 50_000 + "x" + "</b>" * 50_000), {}),
    "a gzip bomb": (JSON, lambda: bomb(1024 * MEGABYTE), {"Content-Encoding": "gzip"}),
    "a gzip bomb in a bomb": (JSON, lambda: gzip.compress(bomb(256 * MEGABYTE)), {"Content-Encoding": "gzip, gzip"}),
    "invalid UTF-8": (JSON, lambda: b'{"resourceType":"Patient","name":[{"family":"\xff\xfe\xfa"}]}', {}),
    "UTF-16": (JSON, lambda: '{"resourceType":"Patient"}'.encode("utf-16"), {}),
    "too much": (JSON, lambda: b" " * (65 * MEGABYTE), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_answered_in_bounded_time_and_memory(server: Process, name: str) -> None:
    kind, make, headers = BODIES[name]
    body = make()
    place = "Observation" if body.startswith(b'{"resourceType":"Observation"') else "Patient"
    url = server.base if name == "the same id often" else f"{server.base}/{place}"
    before = peak(server)
    began = time.monotonic()
    try:
        answer = httpx.post(url, content=body, headers={"Content-Type": kind, **headers}, timeout=4 * SECONDS)
    except (httpx.WriteError, httpx.ReadError):
        assert name == "too much", "it may hang up only on a body that it does not read to its end"
        return
    took = time.monotonic() - began
    assert answer.status_code < 500, answer.text[:500]
    if answer.status_code >= 400:
        outcome = (
            answer.json()
            if "json" in answer.headers["content-type"]
            else {"resourceType": "OperationOutcome"}
        )
        assert outcome["resourceType"] == "OperationOutcome"
        assert len(answer.content) < 5 * MEGABYTE, "the answer does not repeat all that was wrong"
    assert "Traceback" not in answer.text
    assert took < SECONDS, f"{took:.1f} s"
    assert peak(server) - before < GROWTH, f"{(peak(server) - before) // MEGABYTE} MB more"
    assert httpx.get(f"{server.base}/Patient?family=A&_count=1", timeout=20).status_code == 200


def raw(server: Process, request: bytes) -> bytes:
    """What comes back for bytes that no client would send."""
    url = urlsplit(server.base)
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=60) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        parts = []
        try:
            while part := connection.recv(65_536):
                parts.append(part)
        except OSError:
            pass
    return b"".join(parts)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /fhir/Patient?name=" + b"a" * (10 * MEGABYTE) + b" HTTP/1.1",
        b"GET /fhir/" + b"a/" * MEGABYTE + b" HTTP/1.1",
        b"GET /fhir/Patient?name=\xff\xfe HTTP/1.1",
        b"GET /fhir/Patient/%ff%fe HTTP/1.1",
        b"GET /fhir/Patient?" + b"name=a&" * 4_000 + b" HTTP/1.1",
        b"GET /fhir/Patient?family=" + b"a," * 15_000 + b" HTTP/1.1",
        b"GET http://other.example/fhir/Patient HTTP/1.1",
        b"\x00\x01\x02",
        b"GET / HTTP/9.9",
    ],
    ids=["10 MB query", "2 MB path", "query not UTF-8", "path not UTF-8", "4,000 parameters", "15,000 values", "absolute", "no HTTP", "HTTP 9.9"],
)  # fmt: skip
def test_a_hostile_request_line_does_not_stop_the_server(server: Process, request_line: bytes) -> None:
    before = peak(server)
    began = time.monotonic()
    answer = raw(server, request_line + b"\r\nHost: a.example\r\nConnection: close\r\n\r\n")
    assert time.monotonic() - began < SECONDS
    assert b"Traceback" not in answer
    if answer:
        assert answer.split(b" ", 2)[1] < b"500", answer[:300]
    assert peak(server) - before < 100 * MEGABYTE
    assert httpx.get(f"{server.base}/metadata", timeout=20).status_code == 200


def test_bodies_that_never_come_and_lengths_that_lie_hold_nobody_up(server: Process) -> None:
    url = urlsplit(server.base)
    head = b"POST /fhir/Patient HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/fhir+json\r\n"
    waiting = [socket.create_connection((url.hostname or "", url.port or 0)) for _ in range(50)]
    try:
        for number, connection in enumerate(waiting):
            connection.sendall(head + (b"Content-Length: 1000\r\n\r\n{" if number % 2 else b""))
        began = time.monotonic()
        assert httpx.get(f"{server.base}/Patient?_count=1", timeout=20).status_code == 200
        assert time.monotonic() - began < SECONDS
    finally:
        for connection in waiting:
            connection.close()
    for lie in (
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n{}",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
    ):
        answer = raw(server, head + lie)
        assert not answer or answer.split(b" ", 2)[1] < b"500", answer[:300]
    chunked = raw(server, head + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n")
    assert not chunked or chunked.split(b" ", 2)[1] < b"500"
    assert httpx.get(f"{server.base}/metadata", timeout=20).status_code == 200


def test_many_headers_and_long_ones_are_refused_or_answered(server: Process) -> None:
    url = urlsplit(server.base)
    for headers in (
        {f"X-{number}": "a" for number in range(90)},
        {"Accept": "a/b," * 10_000},
        {"Prefer": ";" * 30_000},
    ):
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
        try:
            connection.request("GET", "/fhir/Patient?_count=1", headers=headers)
            assert connection.getresponse().status < 500
        except (http.client.HTTPException, OSError):
            pass  # the connection was closed: also an answer
        finally:
            connection.close()
    assert httpx.get(f"{server.base}/metadata", timeout=20).status_code == 200
    assert os.path.exists(f"/proc/{server.popen.pid}")
