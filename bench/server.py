"""What does a request cost the server? CPU microseconds (user + system of the process tree), 16 connections, beside bare ASGI,
bare ASGI over SQLite, a FastAPI endpoint that returns a dict, and fhirstarter.

    python -m bench.server [--resources 10000] [--requests 3000]

fhirstarter runs in a virtual environment of its own (its pydantic models are of another release), which has to be there:
python -m venv .cache/bench/venv && .cache/bench/venv/bin/pip install fhirstarter uvicorn uvloop httptools
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.load import cpu_microseconds, memory_mib, request, running
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.repository import Draft, Session
from fhir_vitiligo.storage.sqlite import SqliteRepository

ROOT = Path(__file__).resolve().parents[1]
STARTER = ROOT / ".cache" / "bench" / "venv" / "bin" / "python"
PER_PATIENT = 100
CODES = ("8302-2", "29463-7", "8310-5", "8867-4")
OURS = (
    "import sys; from pathlib import Path; from fhir_vitiligo.server.run import serve; "
    "from fhir_vitiligo.server.settings import Settings; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]), settings=Settings(validation=sys.argv[3]))"
)


def observation(number: int, chance: random.Random) -> Json:
    """One of ``PER_PATIENT`` of a patient."""
    code = CODES[number % len(CODES)]
    day = f"{2010 + number % 12}-{1 + chance.randrange(12):02}-{1 + chance.randrange(28):02}"
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "survey",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://example.org/scores", "code": code}], "text": "a score"},
        "subject": {"reference": f"Patient/p{number // PER_PATIENT}"},
        "effectiveDateTime": f"{day}T10:00:00Z",
        "valueQuantity": {"value": 5.5, "unit": "points", "system": "http://unitsofmeasure.org", "code": "1"},
    }


def fill(path: Path, resources: int) -> None:
    """Patients with Observations, ``resources`` of them altogether."""
    chance = random.Random(6)
    parameters = parameters_of(Release.R4)
    with SqliteRepository(path, parameters) as store:

        def add(drafts: Sequence[Draft]) -> None:
            def work(session: Session) -> None:
                for one in drafts:
                    session.update(one)

            store.run(work)

        for start in range(0, resources, 2000):
            made: list[Json] = []
            for number in range(start, min(start + 2000, resources)):
                if number % PER_PATIENT == 0:
                    id = f"p{number // PER_PATIENT}"
                    made.append({"resourceType": "Patient", "id": id, "gender": "female"})
                made.append(observation(number, chance))
            add([draft(one, parameters, id=one["id"]) for one in made])


def workloads(resources: int, count: int) -> Mapping[str, Sequence[bytes]]:
    """Name -> requests. Writes come once: a body that is sent again is what the store has already, and what it is indexed by
    is remembered.
    """
    chance = random.Random(7)

    def some() -> int:
        return chance.randrange(resources)

    def read() -> bytes:
        return request("GET", f"/fhir/Observation/o{some()}")

    def create() -> bytes:
        return request("POST", "/fhir/Observation", json.dumps(observation(some(), chance)))

    def update() -> bytes:
        one = observation(some(), chance)
        return request("PUT", f"/fhir/Observation/{one['id']}", json.dumps(one))

    def search() -> bytes:
        year = 2010 + chance.randrange(8)
        return request(
            "GET",
            f"/fhir/Observation?patient=p{some() // PER_PATIENT}&code=http://example.org/scores|{CODES[0]}"
            f"&date=ge{year}&date=le{year + 6}&_sort=-date&_count=20",
        )

    def delete() -> bytes:
        return request("DELETE", f"/fhir/Observation/o{some()}")

    mix = [*[read] * 60, *[update] * 25, *[create] * 10, *[delete] * 5]
    validate = json.dumps(observation(1, chance))

    def many(make: Callable[[], bytes], number: int = 500) -> list[bytes]:
        return [make() for _ in range(number)]

    return {
        "read": many(read),
        "create": many(create, count),
        "update": many(update, count),
        "search": many(search),
        "$validate": [request("POST", "/fhir/Observation/$validate", validate)],
        "metadata": [request("GET", "/fhir/metadata")],
        "metadata, gzip": [request("GET", "/fhir/metadata", Accept_Encoding="gzip")],
        "mix": [chance.choice(mix)() for _ in range(count)],
    }


def ours(folder: Path, resources: int, count: int) -> None:
    """The table of this server, with validation of the structure on write and of profiles too."""
    for level in ("structure", "profile", "off"):
        path = folder / f"{level}.sqlite"
        fill(path, resources)
        command = [sys.executable, "-c", OURS, str(path), "{port}", level]
        with running(command, {}) as (pid, port):
            for name, requests in workloads(resources, count).items():
                if level == "structure" or name in ("create", "update"):
                    number = max(200, count // 4) if name in ("search", "$validate") else count
                    tell(f"{name} (validation: {level})", *cpu_microseconds(pid, port, requests, number))
            if level == "structure":
                print(f"{'memory':44} {memory_mib(pid):9.0f} MiB")


def tell(name: str, cost: float, statuses: Mapping[int, int]) -> None:
    """A line of the table."""
    print(f"{name:44} {cost:9.0f} us  {dict(sorted(statuses.items()))}", flush=True)


def rivals(folder: Path, count: int) -> None:
    """The others."""
    one = observation(0, random.Random(8))
    (folder / "one.json").write_bytes(json.dumps(one))
    db = folder / "bare.sqlite"
    kept = sqlite3.connect(db)
    kept.execute("CREATE TABLE kept (id TEXT PRIMARY KEY, content BLOB)")
    kept.executemany("INSERT INTO kept VALUES (?, ?)", ((f"o{n}", json.dumps(one)) for n in range(10_000)))
    kept.commit()
    kept.close()
    environment = {"BENCH_DB": str(db), "PYTHONPATH": str(ROOT)}
    reads = [request("GET", f"/read/o{number}") for number in range(0, 10_000, 20)]
    post = [request("POST", "/", json.dumps(one))]
    without_id = [request("POST", "/Observation", json.dumps({k: v for k, v in one.items() if k != "id"}))]
    known = [request("GET", "/Observation/one")]
    uvicorn = ["-m", "uvicorn", "--no-access-log", "--port", "{port}"]
    here = [sys.executable, *uvicorn]
    with running([*here, "bench.rivals.bare:app"], environment) as (pid, port):
        tell("bare ASGI: constant", *cpu_microseconds(pid, port, [request("GET", "/constant")], count))
        tell("bare ASGI + SQLite: read", *cpu_microseconds(pid, port, reads, count))
        tell("bare ASGI + SQLite: insert and commit", *cpu_microseconds(pid, port, post, count // 4))
    with running([*here, "bench.rivals.fastapi_dict:app"], environment) as (pid, port):
        tell("FastAPI dict: read", *cpu_microseconds(pid, port, known, count))
    if not STARTER.exists():
        print(
            "fhirstarter: left out, because .cache/bench/venv is not there (see the head of bench/server.py)"
        )
        return
    with running([str(STARTER), *uvicorn, "bench.rivals.starter:app"], environment) as (pid, port):
        tell("fhirstarter in memory: read", *cpu_microseconds(pid, port, known, count // 4))
        tell("fhirstarter in memory: create", *cpu_microseconds(pid, port, without_id, count // 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--resources", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=3000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rivals(Path(name), asked.requests)
        ours(Path(name), asked.resources, asked.requests)


if __name__ == "__main__":
    main()
