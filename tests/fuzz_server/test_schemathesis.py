"""schemathesis over /openapi.json: what the description promises is asked for in every way, and nothing answers with a 5xx."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.support import running_server


def _program() -> str | None:
    beside = Path(sys.executable).with_name("schemathesis")
    return str(beside) if beside.exists() else shutil.which("schemathesis")


@pytest.mark.clients
def test_schemathesis_finds_no_server_error(tmp_path: Path) -> None:
    program = _program()
    if program is None:
        pytest.skip("schemathesis is not installed: `make clients` installs it")
    with running_server(tmp_path / "store.sqlite") as server:
        root = server.base.removesuffix("/fhir")
        command = [
            program,
            "run",
            f"{root}/openapi.json",
            "--checks",
            "not_a_server_error",
            "--max-examples",
            "40",
        ]
        command += [
            "--seed",
            "20261122",
            "--workers",
            "1",
            "--max-response-time",
            "20",
            "--no-color",
            "--max-time",
            "120",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"[1-9]\d* generated", done.stdout), "it asked for nothing"
