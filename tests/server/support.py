"""The application asked without a socket, and the server as a process."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

FHIR_JSON = {"Content-Type": "application/fhir+json"}


class Client:
    """httpx against the ASGI application, one call at a time."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as client:
                return await client.request(method, url, **options)

        return asyncio.run(send())

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def send(self, method: str, url: str, body: Any, **headers: str) -> httpx.Response:
        """A JSON body, or bytes as they are; header names with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, bytes):
            return self.request(method, url, content=body, headers={**FHIR_JSON, **named})
        return self.request(method, url, json=body, headers={**FHIR_JSON, **named})

    def put(self, resource: dict[str, Any]) -> httpx.Response:
        answer = self.send("PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource)
        assert answer.status_code in (200, 201), answer.text
        return answer


def told(answer: httpx.Response) -> str:
    """The sentences of an OperationOutcome; fails when the answer is none."""
    assert answer.headers["content-type"].startswith("application/fhir+json"), answer.text
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", outcome
    assert outcome["issue"]
    return "\n".join(issue["diagnostics"] for issue in outcome["issue"])


@dataclass
class Process:
    """A running server; ``base`` is its FHIR base, ``cpu_seconds`` what it had used when it answered first."""

    popen: subprocess.Popen[bytes]
    base: str
    cpu_seconds: float


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running_server(db: Path, *options: str) -> Iterator[Process]:
    """``serve`` in a process of its own on a free port, up when it is handed out; killed at the end if
    still there. With ``options`` it is the command that runs, and the base what they leave it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "import sys; from pathlib import Path; from fhir_vitiligo.server.run import serve; "
    code += "serve(Path(sys.argv[1]), port=int(sys.argv[2]))"
    started = time.monotonic()
    command = [sys.executable, "-c", code, str(db), str(port)]
    if options:
        code = "from fhir_vitiligo.cli import main; main()"
        command = [sys.executable, "-c", code, "serve", "--db", str(db), "--port", str(port), *options]
    # A file, because a pipe that nobody reads stops the server when it is full.
    log = db.with_suffix(".log").open("wb")
    popen = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    base = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx.get(f"{base}/", timeout=5)
                break
            except httpx.TransportError:
                assert popen.poll() is None, db.with_suffix(".log").read_text()
                assert time.monotonic() - started < 180, "the server did not come up within three minutes"
                time.sleep(0.02)
        yield Process(popen, f"{base}/fhir", _cpu_seconds(popen.pid))
    finally:
        if popen.poll() is None:
            os.kill(popen.pid, 9)
        popen.wait()
        log.close()
