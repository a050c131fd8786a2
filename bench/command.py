"""How fast is ``fhir-vitiligo validate`` as a process: cold start, and one process against two.

Wall time is what a user waits; CPU time, of all processes together, is what a machine with other work to do would
still show: where two processes take no more of it than one, half of the wall time is saved on free cores.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from fhir_vitiligo.fhir.json import dumps

_PROGRAM = (str(Path(sys.executable).with_name("fhir-vitiligo")),)
_CASE = "case-report"
_MEGABYTE = 1 << 20


class Run(NamedTuple):
    """One call: wall and CPU seconds, and the megabytes of its largest process."""

    wall: float
    cpu: float
    memory: float


def call(*arguments: str, bytecode: Path) -> Run:
    """Run the command in a process of its own, with the bytecode that an installation writes in that folder."""
    # A child in between, because the largest process of all children so far is what the system counts.
    script = (
        "import os, resource, subprocess, sys, time\n"
        "started = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "wall = time.perf_counter() - started\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
        # 1 says that a resource has errors.
        "sys.exit(done.returncode > 1)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", script, *_PROGRAM, *arguments],
        capture_output=True,
        check=True,
        text=True,
        env={**environment, "PYTHONPYCACHEPREFIX": str(bytecode)},
    )
    return Run(*map(float, done.stdout.split()))


def report(resources: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The lines of the bench; a minute or two."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check = partial(call, "validate", bytecode=folder / "bytecode")
        yield f"{'cold start, median of 9':44}{'wall':>8}{'CPU':>8}{'memory':>10}"
        for title, path in _single(folder):
            check(str(path))  # writes the bytecode
            yield _row(title, [check(str(path)) for _ in range(9)])
        yield ""
        yield f"{'one process, then two; best of 3':44}{'wall':>8}{'CPU':>8}{'memory':>10}{'ratio':>8}"
        for title, path, halves in _inputs(folder, resources):
            # In turn, so that a machine's drift hits all alike.
            rounds = [
                (check(str(path), "-j", "1"), check(str(path), "-j", "2"), _apart(check, halves))
                for _ in range(3)
            ]
            one, two, apart = (min(runs) for runs in zip(*rounds, strict=True))
            yield f"{_row(title, [one])}"
            yield f"{_row('  two processes', [two])}{one.wall / two.wall:>7.2f}x"
            yield f"{_row('  a command for each half', [apart])}{one.wall / apart.wall:>7.2f}x"


def _apart(check: Callable[..., Run], halves: Sequence[Path]) -> Run:
    """Two commands side by side that know nothing of each other: what two cores of this machine can give."""
    with ThreadPoolExecutor(len(halves)) as pool:
        runs = [*pool.map(lambda path: check(str(path), "-j", "1"), halves)]
    return Run(max(run.wall for run in runs), sum(run.cpu for run in runs), max(run.memory for run in runs))


def _row(title: str, runs: Sequence[Run]) -> str:
    wall, cpu, memory = (median(column) for column in zip(*runs, strict=True))
    return f"{title:44}{wall:>6.2f} s{cpu:>6.2f} s{memory:>7.0f} MB"


def _single(folder: Path) -> Iterator[tuple[str, Path]]:
    patient = folder / "patient.json"
    patient.write_bytes(dumps({"resourceType": "Patient", "gender": "m"}))
    yield "a Patient", patient
    case, bundle = folder / "case.yaml", folder / "bundle.json"
    case.write_bytes(subprocess.run([*_PROGRAM, "examples", _CASE], capture_output=True, check=True).stdout)
    subprocess.run([*_PROGRAM, "to-fhir", str(case), "-o", str(bundle)], capture_output=True, check=True)
    yield f"the case {_CASE} as a Bundle", bundle


def _inputs(
    folder: Path, resources: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Path, tuple[Path, Path]]]:
    """The same resources again and again: as Bundles of 5 MB, as files, and as one NDJSON; and each in two halves."""
    texts = [dumps(resource) for resource in resources]
    for title, (count, make) in _FORMS.items():
        path = folder / title.partition(",")[0].replace(" ", "-")
        first, second = range(count // 2), range(count // 2, count)
        yield (
            title,
            make(path, texts, range(count)),
            (
                make(path.with_name(f"{path.name}-1"), texts, first),
                make(path.with_name(f"{path.name}-2"), texts, second),
            ),
        )


def _bundles(path: Path, texts: Sequence[bytes], numbers: range) -> Path:
    path.mkdir()
    for number in numbers:
        entries: list[bytes] = []
        size = 0
        while size < 5 * _MEGABYTE:
            text = texts[len(entries) % len(texts)]
            url = f"urn:uuid:{number:08}-0000-4000-8000-{len(entries):012}"
            entries.append(b'{"fullUrl":%s,"resource":%s}' % (dumps(url), text))
            size += len(entries[-1])
        whole = b'{"resourceType":"Bundle","type":"collection","entry":[%s]}' % b",".join(entries)
        (path / f"{number:02}.json").write_bytes(whole)
    return path


def _files(path: Path, texts: Sequence[bytes], numbers: range) -> Path:
    path.mkdir()
    for number in numbers:
        (path / f"{number:05}.json").write_bytes(texts[number % len(texts)])
    return path


def _lines(path: Path, texts: Sequence[bytes], numbers: range) -> Path:
    path = path.with_suffix(".ndjson")
    with path.open("wb") as stream:
        for number in numbers:
            stream.write(texts[number % len(texts)] + b"\n")
    return path


_FORMS: Mapping[str, tuple[int, Callable[[Path, Sequence[bytes], range], Path]]] = {
    "12 Bundles of 5 MB": (12, _bundles),
    "10,000 files": (10_000, _files),
    "one NDJSON, 30,000 lines": (30_000, _lines),
}
