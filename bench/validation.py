"""How fast is a resource validated? Beside its structure alone, fhir.resources, and HL7's engine where it starts.

python -m bench.validation [--engine] [--only-command]

Each Observation, Condition, Procedure and MedicationStatement of HL7's R4 examples, with every check on:
structure, terminology, invariants, references, extensions, the profiles it claims and those that apply by
themselves. fhir.resources has R4B, no codes, no invariants and no profiles.

Then the command: how long a cold start takes to the first verdict, and what a second process saves over few large
files, many small ones, and one NDJSON (all of the same resources; ``bench.command``).
"""

from __future__ import annotations

import sys
import tarfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import command
from bench.clock import cpu_times
from fhir_vitiligo.fhir.json import dumps, loads
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.context import Options
from fhir_vitiligo.validation.validator import Validator

PACKAGE = Path(__file__).resolve().parents[1] / ".cache" / "packages" / "hl7.fhir.r4.examples-4.0.1.tgz"
TYPES = ("Observation", "Condition", "Procedure", "MedicationStatement")


def examples() -> list[dict[str, Any]]:
    """The examples of the four types, as dicts."""
    found = []
    with tarfile.open(PACKAGE) as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            if name.endswith(".json") and name.partition("-")[0] in TYPES:
                stream = archive.extractfile(member)
                assert stream is not None
                found.append(loads(stream.read()))
    return found


def main() -> None:
    warnings.filterwarnings("ignore")
    if not PACKAGE.exists():
        sys.exit(
            "the R4 examples are not cached: run tools/fhir_packages.py fetch hl7.fhir.r4.examples@4.0.1"
        )
    resources = examples()
    if "--only-command" not in sys.argv:
        _in_process(resources)
    for line in command.report(resources):
        print(line)


def _in_process(resources: list[dict[str, Any]]) -> None:
    validator = Validator(Release.R4, (), Options(any_extension=True, examples=True))
    started = time.perf_counter()
    Validator(Release.R4).validate(resources[0])
    first = time.perf_counter() - started
    texts = [dumps(resource) for resource in resources]

    def every(check: Callable[[Any], object], items: list[Any]) -> Callable[[], object]:
        def run() -> None:
            for item in items:
                check(item)

        return run

    functions = {
        "validate": every(validator.validate, resources),
        "read and validate": every(lambda text: validator.validate(loads(text)), texts),
    }
    functions.update(_typed(resources))
    times = cpu_times(functions, rounds=7, seconds=0.2)
    print(f"{len(resources)} resources; the first after {first * 1000:.0f} ms in a new process")
    for name, microseconds in times.items():
        each = microseconds / len(resources)
        print(f"{name:32} {each:8.1f} us a resource {1e6 / each:9.0f}/s on one core")
    if "--engine" in sys.argv:
        _engine(resources, len(resources) / times["validate"] * 1e6)


def _typed(resources: list[dict[str, Any]]) -> dict[str, Callable[[], object]]:
    """fhir.resources, on those that it reads at all."""
    import importlib

    models = {
        name: getattr(importlib.import_module(f"fhir.resources.R4B.{name.lower()}"), name) for name in TYPES
    }
    readable = []
    for resource in resources:
        try:
            models[resource["resourceType"]].model_validate(resource)
        except ValueError:
            continue
        readable.append(resource)
    scale = len(readable)
    if scale < len(resources):
        print(f"fhir.resources refuses {len(resources) - scale} of them, which are left out for it")

    def run() -> None:
        for resource in readable:
            models[resource["resourceType"]].model_validate(resource)

    return {"fhir.resources: model_validate": run}


def _engine(resources: list[dict[str, Any]], ours: float) -> None:
    """HL7's engine, warm: two rounds first, in which Java compiles itself."""
    from tests.official.engine import OfficialEngine, Request

    with OfficialEngine() as engine:
        requests = [Request("r4", resource) for resource in resources]
        for _ in range(2):
            list(engine.validate_many(requests))
        started = time.perf_counter()
        list(engine.validate_many(requests))
        rate = len(resources) / (time.perf_counter() - started)
    print(
        f"{'official engine, warm':32} {1e6 / rate:8.1f} us a resource {rate:9.0f}/s; ours {ours / rate:.0f} x"
    )


if __name__ == "__main__":
    main()
