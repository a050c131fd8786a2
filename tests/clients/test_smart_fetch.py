"""smart-fetch 1.0.3, a bulk client: expectations 28 and 35, its crawl of a server that has no $export."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("smart_fetch", reason="smart-fetch is not installed: `make clients` installs the clients")


def crawled(folder: Path, resource_type: str) -> list[str]:
    """The ids in the NDJSON files of a type."""
    lines = [
        line
        for path in sorted(folder.rglob(f"{resource_type}*.ndjson"))
        for line in path.read_text().splitlines()
    ]
    return sorted(json.loads(line)["id"] for line in lines)


def test_28_and_35_a_crawl_reads_metadata_and_asks_for_each_patient(
    base: str, clinic: dict[str, int], tmp_path: Path
) -> None:
    ids = ",".join(f"clinic-{number}" for number in range(7))
    command = [
        str(Path(sys.executable).with_name("smart-fetch")),
        "crawl",
        "--fhir-url",
        base,
        "--no-compression",
    ]
    command += ["--type", "Patient,Condition", "--id-list", ids, str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert crawled(tmp_path / "out", "Patient") == ids.split(",")
    conditions = [f"clinic-{number}-{part}" for number in range(7) for part in range(number + 1)]
    assert crawled(tmp_path / "out", "Condition") == sorted(conditions)
    assert not list((tmp_path / "out").rglob("error*/*.ndjson"))
