"""The laws on a million cases: ``python -m tests.properties.long_run --cases 1000000 --processes 2``.

Cases are checked in R4, R4B and R5 by turn, in both directions, in one of the kinds of Bundles: a million different
cases find more than a third of them thrice would. Every hundredth is checked in all three, with the laws of ids, codes
and files too (the validators have tests of their own). The cases are those that the tests draw, from a plain seed instead
of Hypothesis's, which is faster and needs nothing remembered: case ``n`` has the seed ``n``, and what is printed with
a failure makes that case again (``--case n``).

Each batch of a thousand is a line of the log, with a fingerprint of the program: a run goes on where another of the
same program ended, or at ``--first-batch``, and ``--report`` adds up.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path

import fhir_vitiligo
from fhir_vitiligo.case.io import dump_case
from tests.properties import laws
from tests.properties.draws import Seeded
from tests.properties.strategies import case

BATCH = 1000
EVERY_LAW = 100
"""Of how many cases one is checked in every release and with the other laws too."""
LOG = Path(__file__).parents[2] / ".cache" / "law-run.jsonl"


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch: the seeds of its cases for which a law is broken, and how long it took (CPU)."""

    batch: int
    cases: int
    broken: tuple[int, ...]
    seconds: float
    program: str


def check(seed: int) -> str | None:
    """Check the laws for the case of a seed; what is broken, with the case as a file, or ``None``."""
    source = Seeded(seed)
    made = case(source)
    every_law = seed % EVERY_LAW == 0
    for release in laws.RELEASES if every_law else (laws.RELEASES[seed % len(laws.RELEASES)],):
        kind = source.pick(*laws.BUNDLE_TYPES)
        try:
            laws.both(made, release, kind)
            if every_law:
                bundle = laws.there_and_back(made, release, kind)
                laws.ids_are_stable(bundle, made, release)
                laws.codes_are_known(bundle, made)
                laws.file_law(made)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with its case
            where = f"--case {seed}: {release.value}, {kind}"
            return f"{where}: {type(error).__name__}: {error}\n{dump_case(made)}"
    return None


def run_batch(number: int, size: int = BATCH) -> tuple[Batch, list[str]]:
    """Check a batch, and what is broken in it."""
    started = time.process_time()
    told = {
        seed: fault
        for seed in range(number * BATCH, number * BATCH + size)
        if (fault := check(seed)) is not None
    }
    took = round(time.process_time() - started, 1)
    return Batch(number, size, tuple(told), took, fingerprint()), list(told.values())


@cache
def fingerprint() -> str:
    """What tells this program from another."""
    return _hashed(program_files())


def program_files() -> set[Path]:
    """The modules that a check runs through, the tables, and how the cases are drawn. The server's source, say, is no
    part of it.
    """
    check(0)  # the first case is checked by every law, and so loads all of them
    own = ("fhir_vitiligo", "tests.properties")
    files = {
        Path(file)
        for name, module in list(sys.modules.items())
        if name.startswith(own) and (file := getattr(module, "__file__", None)) is not None
    }
    return files | {Path(__file__), *Path(fhir_vitiligo.__file__).parent.rglob("*.csv")}


def _hashed(files: Iterable[Path]) -> str:
    hashed = sha256()
    for path in sorted(files, key=lambda path: (path.name, path.read_bytes())):
        # The name within its folder: a copy elsewhere is the same program.
        hashed.update(path.name.encode() + path.read_bytes())
    return hashed.hexdigest()[:16]


def logged(log: Path) -> list[Batch]:
    """The batches that were checked with this very program."""
    if not log.exists():
        return []
    batches = (Batch(**json.loads(line)) for line in log.read_text().splitlines())
    return [one for one in batches if one.program == fingerprint()]


def run(cases: int, processes: int, first: int | None, log: Path) -> int:
    """Check that many cases more over several processes; in how many a law is broken."""
    started, checked, broken = time.monotonic(), 0, 0
    log.parent.mkdir(parents=True, exist_ok=True)
    work = _work(cases, {one.batch for one in logged(log)} if first is None else set(), first or 0)
    with ProcessPoolExecutor(processes, initializer=_settle) as pool:
        waiting: set[Future[tuple[Batch, list[str]]]] = set()
        while True:
            while len(waiting) < 2 * processes and (next_one := next(work, None)) is not None:
                waiting.add(pool.submit(run_batch, *next_one))
            if not waiting:
                return broken
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for one in done:
                batch, told = one.result()
                with log.open("a") as file:
                    file.write(json.dumps(asdict(batch)) + "\n")
                checked, broken = checked + batch.cases, broken + len(batch.broken)
                took = time.monotonic() - started
                print(*told, sep="\n", end="\n" if told else "", flush=True)
                print(
                    f"{checked} cases, {broken} broken, {took:.0f} s, {checked / took:.0f} a second",
                    flush=True,
                )


def _settle() -> None:
    """What is there before the first case is there for good: the collector need not look at it again and again."""
    fingerprint()  # before more of the program may be loaded; it checks the first case
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _work(cases: int, done: set[int], first: int) -> Iterator[tuple[int, int]]:
    """Batches that were not checked yet, with their sizes."""
    for number in count(first):
        if cases <= 0:
            return
        if number not in done:
            yield number, min(BATCH, cases)
            cases -= BATCH


def report(log: Path) -> str:
    """The results of all runs of this program together; a batch that ran twice counts once."""
    batches = {one.batch: one for one in logged(log)}.values()
    cases, broken = sum(one.cases for one in batches), [seed for one in batches for seed in one.broken]
    seconds = sum(one.seconds for one in batches)
    text = f"{cases} cases over {len(laws.RELEASES)} releases, {len(broken)} broken, {seconds / 3600:.1f} h of CPU"
    return text + (f": --case {', '.join(map(str, broken[:20]))}" if broken else "")


def main(arguments: list[str] | None = None) -> int:
    """0 when every law holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--first-batch", type=int, help="where to begin; else the batches not in the log")
    parser.add_argument("--case", type=int, help="check the case of this seed alone")
    parser.add_argument("--report", action="store_true", help="add up what the log says")
    parser.add_argument("--log", type=Path, default=LOG)
    chosen = parser.parse_args(arguments)
    if chosen.report:
        print(report(chosen.log))
        return 0
    if chosen.case is not None:
        fault = check(chosen.case)
        print(fault or f"every law holds for case {chosen.case}")
        return 1 if fault else 0
    return 1 if run(chosen.cases, chosen.processes, chosen.first_batch, chosen.log) else 0


if __name__ == "__main__":
    sys.exit(main())
