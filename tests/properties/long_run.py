"""The laws on a million cases: ``python -m tests.properties.long_run --examples 1000000 --processes 2``.

An example is one case, in one release and one kind of Bundle, all drawn; every tenth case is written as a file and read
again too. Each batch has its own seed, so that a run goes on where another ended (``--first-batch``) and a failure is
found again: what is printed with it repeats the batch alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from fhir_vitiligo.case.io import dump_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import BundleType
from tests.properties import laws
from tests.properties.strategies import cases

BATCH = 1000
"""Examples under one seed: Hypothesis remembers what it drew, so that a larger batch would grow ever slower."""


class BrokenLawError(Exception):
    """A law that does not hold, with the case as a file."""


def batch(number: int, examples: int = BATCH) -> int:
    """Check that many examples under the seed ``number``; how many were checked. Raises :class:`BrokenLawError`."""
    checked = 0

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
    )
    @given(cases(), st.sampled_from(laws.RELEASES), st.sampled_from(laws.BUNDLE_TYPES))
    def law(case: Case, release: Release, kind: BundleType) -> None:
        nonlocal checked
        checked += 1
        try:
            laws.all_laws(case, release, kind)
            if checked % 10 == 0:
                laws.file_law(case)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with its case
            where = f"batch {number}, {release.value}, {kind}"
            raise BrokenLawError(f"{where}: {type(error).__name__}: {error}\n{dump_case(case)}") from None

    law()
    return checked


def run(examples: int, processes: int, first: int) -> int:
    """Check that many examples over several processes; the number of batches in which a law is broken."""
    numbers = range(first, first + -(-examples // BATCH))
    started, checked, broken = time.monotonic(), 0, 0
    with ProcessPoolExecutor(processes) as pool:
        waiting = {pool.submit(batch, number, min(BATCH, examples)): number for number in numbers}
        for done in as_completed(waiting):
            try:
                checked += done.result()
            except BrokenLawError as error:
                broken += 1
                print(f"\n{error}", flush=True)
            took = time.monotonic() - started
            print(
                f"{checked} examples, {broken} batches broken, {took:.0f} s, {checked / took:.0f} a second",
                flush=True,
            )
    return broken


def main(arguments: list[str] | None = None) -> int:
    """0 when every law holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--first-batch", type=int, default=1, help="the seed of the first batch")
    chosen = parser.parse_args(arguments)
    return 1 if run(chosen.examples, chosen.processes, chosen.first_batch) else 0


if __name__ == "__main__":
    sys.exit(main())
