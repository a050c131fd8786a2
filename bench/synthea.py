"""A real data set through a server: how long, how much CPU, how much memory; and how soon a server is up over it.

    python -m bench.synthea FOLDER [--files N]

FOLDER holds Synthea's Bundles (``*.json`` or ``*.json.bz2``, which are unpacked first; those whose name begins with ``0-``,
hospitals and practitioners, are sent first). They are POSTed one after the other to a server in a process of its own with its
default settings, so every resource is validated; then stored in another file in process, read before and unchecked; then
by the command ``fhir-vitiligo load``, unchecked and checked, with all that it reads and starts.
"""

from __future__ import annotations

import argparse
import bz2
import http.client
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from bench.load import cpu_seconds, memory_mib, request, running, statuses_of
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.storage.load import load_bundles
from fhir_vitiligo.storage.sqlite import SqliteRepository

_GIVEN_BACK = 1.0  # seconds after an answer until what it took of the memory surely is free again

SERVE = (
    "import sys; from pathlib import Path; from fhir_vitiligo.server.run import serve; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]))"
)


def unpacked(folder: Path, into: Path, most: int | None) -> list[Path]:
    """Plain files, what is referred to by condition first."""
    files = sorted([*folder.glob("*.json"), *folder.glob("*.json.bz2")], key=lambda path: path.name)
    first = [path for path in files if path.name.startswith("0-")]
    rest = [path for path in files if not path.name.startswith("0-")]
    found = []
    for path in (first + rest)[:most]:
        data = path.read_bytes()
        found.append(into / path.name.removesuffix(".bz2"))
        found[-1].write_bytes(bz2.decompress(data) if path.suffix == ".bz2" else data)
    return found


def posted(files: list[Path], db: Path) -> int:
    """Sends every Bundle; how many resources were in them."""
    resources = 0
    with running([sys.executable, "-c", SERVE, str(db), "{port}"], {}) as (pid, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        started, before = time.monotonic(), cpu_seconds(pid)
        for file in files:
            connection.request("POST", "/fhir", file.read_bytes(), {"Content-Type": "application/fhir+json"})
            answer = connection.getresponse()
            body = answer.read()
            done = [one["response"]["status"] for one in json.loads(body).get("entry", ())]
            if answer.status != 200 or not all(status.startswith("201") for status in done):
                raise SystemExit(f"refused with {answer.status}: {body[:1000]!r}")
            resources += len(done)
        cpu, seconds = cpu_seconds(pid) - before, time.monotonic() - started
        time.sleep(_GIVEN_BACK)
        print(
            f"posted, every resource validated: {resources:,} resources in {seconds:.0f} s, "
            f"{resources / cpu:,.0f} a CPU second; the server then has {memory_mib(pid):.0f} MiB"
        )
    return resources


def stored(files: list[Path], db: Path) -> None:
    documents = [json.loads_object(file.read_bytes()) for file in files]
    with SqliteRepository(db, parameters_of(Release.R4)) as store:
        started, before = time.monotonic(), time.process_time()
        counts = load_bundles(store, documents)
        cpu = time.process_time() - before
    print(
        f"stored in process: {counts.created:,} resources in {time.monotonic() - started:.0f} s, "
        f"{counts.created / cpu:,.0f} a CPU second"
    )


def loaded(files: list[Path], db: Path, resources: int, validation: str) -> None:
    """The command itself: its CPU is that of all its processes, and its start is counted too."""
    command = [sys.executable, "-m", "fhir_vitiligo", "load", "--db", str(db), "--validation", validation]
    started, before = time.monotonic(), getrusage(RUSAGE_CHILDREN)
    subprocess.run([*command, *files], check=True, stderr=subprocess.DEVNULL)
    after = getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"loaded with --validation {validation}: {resources:,} resources in {time.monotonic() - started:.0f} s, "
        f"{resources / cpu:,.0f} a CPU second; the file has {db.stat().st_size / 2**20:.0f} MiB"
    )


def started(db: Path) -> None:
    began = time.monotonic()
    with running([sys.executable, "-c", SERVE, str(db), "{port}"], {}) as (pid, port):
        seconds, cpu = time.monotonic() - began, cpu_seconds(pid)
        print(f"up over that file after {seconds:.2f} s ({cpu:.2f} s of CPU) with {memory_mib(pid):.0f} MiB")
        urls = [
            request("GET", f"/fhir/{query}&_count=50")
            for query in (
                "Observation?category=laboratory&_sort=-date",
                "Patient?_has:Condition:patient:clinical-status=active&_revinclude=Encounter:patient",
                "Observation?patient.gender=male&date=gt2015",
                "Condition?_include=Condition:subject",
            )
        ]
        found = statuses_of(port, urls * 20)
        print(f"after {sum(found.values())} searches ({found}): {memory_mib(pid):.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=None, help="only so many of the Bundles")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        files = unpacked(asked.folder, Path(name), asked.files)
        resources = posted(files, Path(name) / "posted.sqlite")
        stored(files, Path(name) / "stored.sqlite")
        for validation in ("off", "profile"):
            loaded(files, Path(name) / f"{validation}.sqlite", resources, validation)
        started(Path(name) / "posted.sqlite")


if __name__ == "__main__":
    main()
