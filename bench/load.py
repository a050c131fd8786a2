"""Requests over keep-alive connections, and the CPU that the server's processes spend on them."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

CONNECTIONS = 16


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """A server in a process of its own; ``{port}`` in its command becomes a free one. Its process id and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    made = [part.replace("{port}", str(port)) for part in command]
    process = subprocess.Popen(
        made, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            if process.poll() is not None:
                raise ChildProcessError(f"{' '.join(made)} ended with {process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/fhir+json"]
    if body:
        lines += ["Content-Type: application/fhir+json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def cpu_microseconds(
    pid: int, port: int, requests: Sequence[bytes], count: int
) -> tuple[float, dict[int, int]]:
    """CPU microseconds (user and system, of the process and its children) for each of ``count`` requests over 16 connections
    after a tenth of them unmeasured, and how often each status was answered.
    """
    statuses: dict[int, int] = {}
    asyncio.run(_send(port, list(islice(cycle(requests), max(200, count // 10))), {}))
    started = cpu_seconds(pid)
    asyncio.run(_send(port, list(islice(cycle(requests), count)), statuses))
    return (cpu_seconds(pid) - started) / count * 1e6, statuses


def statuses_of(port: int, requests: Sequence[bytes]) -> dict[int, int]:
    """How often each status was answered to these requests."""
    statuses: dict[int, int] = {}
    asyncio.run(_send(port, list(requests), statuses))
    return statuses


async def _send(port: int, requests: list[bytes], statuses: dict[int, int]) -> None:
    waiting = iter(requests)
    await asyncio.gather(*(_connection(port, waiting, statuses) for _ in range(CONNECTIONS)))


async def _connection(port: int, waiting: Iterator[bytes], statuses: dict[int, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for one in waiting:
        writer.write(one)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        statuses[status] = statuses.get(status, 0) + 1
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length:
            await reader.readexactly(int(length))
    writer.close()


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU of a process and its children, the living ones too."""
    total = 0.0
    for one in [pid, *_children(pid)]:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(fields[index]) for index in (11, 12)) / os.sysconf("SC_CLK_TCK")
    return total


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    found = [int(one) for one in text.split()]
    return found + [below for one in found for below in _children(one)]


def memory_mib(pid: int) -> float:
    """Resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
