"""A registry of many cases to NDJSON over all cores: throughput and memory of the real command.

python -m bench.registry [--cases 100000] [--generated]

The cases are the packaged ones in turn, each with an id of its own, or (``--generated``) drawn from the whole model, as the
tests of the laws draw them: every field in every form, with texts, codes and units that are awkward on purpose.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import fhir_vitiligo as fv
from fhir_vitiligo.case.io import case_data
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json


def packaged(count: int) -> Iterator[Json]:
    """The packaged cases in turn, each with an id of its own."""
    examples = [case_data(fv.example(name)) for name in fv.examples()]
    for number in range(count):
        yield {**examples[number % len(examples)], "id": f"case-{number}"}


def generated(count: int) -> Iterator[Json]:
    """Cases of the whole model, each with an id of its own."""
    from tests.properties.draws import Seeded
    from tests.properties.strategies import case

    for number in range(count):
        yield {**case_data(case(Seeded(number))), "id": f"case-{number}"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--generated", action="store_true", help="cases drawn from the whole model")
    asked = options.parse_args()
    count = asked.cases
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "cases.ndjson"), Path(folder, "bundles.ndjson")
        with source.open("wb") as file:
            for data in (generated if asked.generated else packaged)(count):
                file.write(json.dumps(data) + b"\n")
        command = [
            str(Path(sys.executable).with_name("fhir-vitiligo")),
            "to-fhir",
            str(source),
            "-o",
            str(target),
        ]
        started = perf_counter()
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        took = perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        with target.open("rb") as file:
            written = sum(1 for _ in file)
        print(
            f"{written} of {count} cases, {source.stat().st_size / 1e6:.0f} MB in, {target.stat().st_size / 1e6:.0f} MB out"
        )
        print(f"{took:.1f} s: {written / took:.0f} cases a second; CPU {used.ru_utime + used.ru_stime:.1f} s")
        print(f"largest process {used.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
