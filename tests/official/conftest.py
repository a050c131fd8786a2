"""One engine for all tests of a run: it loads for half a minute, then answers hundreds of times a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .build import missing_programs
from .engine import OfficialEngine


@pytest.fixture(scope="session")
def engine() -> Iterator[OfficialEngine]:
    if missing := missing_programs():
        pytest.skip(f"HL7's engine needs {', '.join(missing)}, which are not installed")
    with OfficialEngine() as running:
        yield running
