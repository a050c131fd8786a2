"""A disk that is full and a file that another program holds: an OperationOutcome, and nothing is lost."""

from __future__ import annotations

import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from .support import Server, _wait, check_file, copied, running, told


def patient(id: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "name": [{"family": id}], **more}


def put(base: str, id: str, **more: Any) -> httpx.Response:
    return httpx.put(f"{base}/Patient/{id}", json=patient(id, **more), timeout=60)


def fill(base: str, name: str, most: int) -> tuple[list[str], httpx.Response]:
    """Writes until one is refused: what was acknowledged, and the refusal."""
    acknowledged: list[str] = []
    for number in range(most):
        id = f"{name}-{number}"
        answer = put(base, id, address=[{"text": "x" * 20_000}])
        if answer.status_code != 201:
            return acknowledged, answer
        acknowledged.append(id)
    raise AssertionError("nothing was refused")


def check_there(base: str, ids: list[str]) -> None:
    for id in ids:
        assert httpx.get(f"{base}/Patient/{id}", timeout=30).json()["name"][0]["family"] == id
    total = httpx.get(f"{base}/Patient?_count=0&_total=accurate", timeout=30).json()["total"]
    assert total == len(ids)


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="only Linux lets a test limit the files of another process"
)
def test_a_file_that_may_not_grow_is_told_and_takes_writes_again_when_it_may(tmp_path: Path) -> None:
    db = tmp_path / "store.sqlite"
    with running(db) as server:
        kept = ["before-0"]
        assert put(server.base, "before-0").status_code == 201
        process = server.process.pid
        assert process is not None
        _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
        largest = max(
            path.stat().st_size for path in tmp_path.glob("store.sqlite*") if not path.name.endswith("-shm")
        )
        resource.prlimit(process, resource.RLIMIT_FSIZE, (largest + 300_000, hard))
        written, refused = fill(server.base, "during", 100)
        kept += written
        assert refused.status_code in (500, 503, 507), refused.text
        assert "store" in told(refused)
        bundle = {"resourceType": "Bundle", "type": "transaction"}
        entry = [
            {
                "resource": patient(f"half-{part}", address=[{"text": "x" * 20_000}]),
                "request": {"method": "PUT", "url": f"Patient/half-{part}"},
            }
            for part in range(30)
        ]
        failed = httpx.post(server.base, json={**bundle, "entry": entry}, timeout=60)
        assert failed.status_code in (500, 503, 507)
        told(failed)
        check_there(server.base, kept)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (hard, hard))
        assert put(server.base, "after-0").status_code == 201
        kept.append("after-0")
        check_there(server.base, kept)
        server.kill()
    check_file(copied(db, tmp_path / "copy"))
    with running(db) as server:
        check_there(server.base, kept)


def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    if not _can_mount():
        pytest.skip("no disk of a few megabytes can be had here: `unshare -rm` and a tmpfs are not allowed")
    disk = tmp_path / "disk"
    disk.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "import sys; from pathlib import Path; from fhir_vitiligo.server.run import serve; "
    code += "serve(Path(sys.argv[1]) / 'store.sqlite', port=int(sys.argv[2]))"
    script = 'mount -t tmpfs -o size=6m none "$1" && exec "$2" -c "$3" "$1" "$4"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(disk), sys.executable, code, str(port)]
    with (tmp_path / "log").open("wb") as log:
        popen = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}/fhir"
        _wait_for(popen, base)
        kept, refused = fill(base, "disk", 500)
        assert len(kept) > 10
        assert refused.status_code == 503, refused.text
        assert refused.headers["retry-after"]
        assert "disk of the store is full" in told(refused)
        check_there(base, kept)
        outcome = httpx.delete(f"{base}/Patient/{kept[0]}", timeout=30)
        assert outcome.status_code in (204, 503)
        if outcome.status_code == 204:
            kept.pop(0)
        check_there(base, kept)
        # The disk is the server's alone; from outside it is seen through the process.
        check_file(copied(Path(f"/proc/{popen.pid}/root{disk}/store.sqlite"), tmp_path / "copy"))
    finally:
        popen.kill()
        popen.wait(20)
    assert b"Traceback" not in (tmp_path / "log").read_bytes()


def _wait_for(popen: subprocess.Popen[bytes], base: str) -> None:
    class Process:
        @staticmethod
        def is_alive() -> bool:
            return popen.poll() is None

    _wait(Server(Process, base))  # type: ignore[arg-type]


def test_a_locked_file_fails_the_writes_and_no_read(tmp_path: Path) -> None:
    db = tmp_path / "store.sqlite"
    with running(db) as server:
        assert put(server.base, "p0").status_code == 201
        other = sqlite3.connect(db, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answers: list[httpx.Response] = []
        writing = threading.Thread(target=lambda: answers.append(put(server.base, "p1")))
        writing.start()
        time.sleep(0.3)
        started = time.monotonic()
        check_there(server.base, ["p0"])
        assert time.monotonic() - started < 3, "reads wait for nobody"
        writing.join(60)
        (refused,) = answers
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert "another program" in told(refused)
        other.execute("ROLLBACK")
        other.close()
        assert put(server.base, "p1").status_code == 201
        check_there(server.base, ["p0", "p1"])
        server.kill()
    check_file(db)
