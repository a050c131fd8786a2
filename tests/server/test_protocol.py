"""What is no HTTP gets a sentence in an OperationOutcome, too."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fhir_vitiligo.fhir import json

from .support import running_server


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with running_server(Path(tmp_path_factory.mktemp("protocol")) / "store.sqlite") as process:
        parts = urlsplit(process.base)
        yield str(parts.hostname), int(parts.port or 0)


@pytest.mark.parametrize(
    "request_text",
    [
        "GET /fhir/Patient?name=Müller HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /fhir/Patient?name=a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /fhir/Patient HTTP/1.1\r\nHost a\r\n\r\n",
        "what is this\r\n\r\n",
        "FOO /fhir/Patient HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_cannot_be_read_is_told(address: tuple[str, int], request_text: str) -> None:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request_text.encode())
        answer = b""
        while part := connection.recv(65536):  # until the server closes it
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Type: application/fhir+json" in head
    outcome = json.loads_object(body)
    assert outcome["resourceType"] == "OperationOutcome"
    assert "its first line is a method (GET, POST, PUT, PATCH" in outcome["issue"][0]["diagnostics"]
    assert (
        "every byte that is not ASCII, and every space, is escaped with %"
        in outcome["issue"][0]["diagnostics"]
    )
