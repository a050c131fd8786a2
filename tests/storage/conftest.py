"""Stores to test: every implementation of the repository protocol joins STORES and the contract suite runs
over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import Parameters, parameters_of
from fhir_vitiligo.storage.repository import Repository
from fhir_vitiligo.storage.sqlite import SqliteRepository

STORES: dict[str, Callable[[Path, Parameters], Repository]] = {
    "sqlite": lambda folder, parameters: SqliteRepository(folder / "store.sqlite", parameters),
}


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    return parameters_of(Release.R4)


@pytest.fixture(params=list(STORES))
def repository(
    request: pytest.FixtureRequest, tmp_path: Path, parameters: Parameters
) -> Iterator[Repository]:
    store = STORES[request.param](tmp_path, parameters)
    yield store
    store.close()


@pytest.fixture
def sqlite(tmp_path: Path, parameters: Parameters) -> Iterator[SqliteRepository]:
    with SqliteRepository(tmp_path / "store.sqlite", parameters) as store:
        yield store
