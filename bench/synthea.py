"""A real data set through a server: how long, how much CPU, how much memory; and how soon a server is up over it.

    python -m bench.synthea FOLDER [--files N] [--only-load]

FOLDER holds Synthea's Bundles (``*.json`` or ``*.json.bz2``; those whose name begins with ``0-``, hospitals and
practitioners, are sent first). They are POSTed one after the other to a server in a process of its own with its
default settings, so every resource is validated; then loaded into another file without a server, unchecked and in process;
then by the command ``fhir-vitiligo load`` with each value of ``--validation``, where reading, unpacking and starting its
processes count, too. ``--only-load`` leaves the server out.
"""

from __future__ import annotations

import argparse
import bz2
import http.client
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.load import cpu_seconds, memory_mib, request, running, statuses_of
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.storage.load import load_bundles
from fhir_vitiligo.storage.sqlite import SqliteRepository

SERVE = (
    "import sys; from pathlib import Path; from fhir_vitiligo.server.run import serve; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]))"
)


def files(folder: Path) -> list[Path]:
    """What is referred to by condition first."""
    found = sorted([*folder.glob("*.json"), *folder.glob("*.json.bz2")], key=lambda path: path.name)
    first = [path for path in found if path.name.startswith("0-")]
    return first + [path for path in found if not path.name.startswith("0-")]


def texts(folder: Path, most: int | None) -> Iterator[bytes]:
    for path in files(folder)[:most]:
        data = path.read_bytes()
        yield bz2.decompress(data) if path.suffix == ".bz2" else data


def posted(folder: Path, db: Path, most: int | None) -> int:
    """Sends every Bundle; how many resources were in them."""
    resources = 0
    with running([sys.executable, "-c", SERVE, str(db), "{port}"], {}) as (pid, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        started, before = time.monotonic(), cpu_seconds(pid)
        for text in texts(folder, most):
            connection.request("POST", "/fhir", text, {"Content-Type": "application/fhir+json"})
            answer = connection.getresponse()
            body = answer.read()
            done = [one["response"]["status"] for one in json.loads(body).get("entry", ())]
            if answer.status != 200 or not all(status.startswith("201") for status in done):
                raise SystemExit(f"refused with {answer.status}: {body[:1000]!r}")
            resources += len(done)
        cpu = cpu_seconds(pid) - before
        print(
            f"posted, every resource validated: {resources:,} resources in {time.monotonic() - started:.0f} s, "
            f"{resources / cpu:,.0f} a CPU second; the server then has {memory_mib(pid):.0f} MiB"
        )
    return resources


def loaded(folder: Path, db: Path, most: int | None) -> None:
    documents = [json.loads_object(text) for text in texts(folder, most)]
    with SqliteRepository(db, parameters_of(Release.R4)) as store:
        started, before = time.monotonic(), time.process_time()
        counts = load_bundles(store, documents)
        cpu = time.process_time() - before
    print(
        f"loaded without a server: {counts.created:,} resources in {time.monotonic() - started:.0f} s, "
        f"{counts.created / cpu:,.0f} a CPU second; the file has {db.stat().st_size / 2**20:.0f} MiB"
    )


def commanded(folder: Path, db: Path, most: int | None, level: str) -> None:
    """The command as a user calls it, with all processes that it starts."""
    code = "import sys; from fhir_vitiligo.cli import main; main()"
    names = [str(path) for path in files(folder)[:most]]
    began, before = time.monotonic(), _children_cpu()
    done = subprocess.run(
        [sys.executable, "-c", code, "load", "--db", str(db), "--validation", level, *names],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"refused: {done.stderr[:1000]}")
    cpu, count = _children_cpu() - before, int(done.stderr.split("resources: ")[1].split()[0])
    print(
        f"load --validation {level}: {count:,} resources in {time.monotonic() - began:.0f} s, {count / cpu:,.0f} a CPU second "
        f"({cpu:.0f} s of CPU)"
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
    parser.add_argument("--only-load", action="store_true", help="without a server")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if not asked.only_load:
            posted(asked.folder, Path(name) / "posted.sqlite", asked.files)
        loaded(asked.folder, Path(name) / "loaded.sqlite", asked.files)
        for level in ("off", "structure", "profile"):
            commanded(asked.folder, Path(name) / f"{level}.sqlite", asked.files, level)
        if not asked.only_load:
            started(Path(name) / "posted.sqlite")


if __name__ == "__main__":
    main()
