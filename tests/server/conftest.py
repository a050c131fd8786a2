"""The application over a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import Client


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[SqliteRepository]:
    with SqliteRepository(tmp_path / "store.sqlite", parameters_of(Release.R4)) as store:
        yield store


@pytest.fixture
def client(repository: SqliteRepository) -> Client:
    """Takes any resource, as if all that it needs were there: most tests are about something else."""
    settings = Settings(
        max_body_bytes=200_000,
        max_query_bytes=4_096,
        validation="off",
        check_targets=False,
        check_referrers=False,
    )
    return Client(create_app(repository, settings))


@pytest.fixture
def strict(repository: SqliteRepository) -> Client:
    """The server as it is when nothing is set."""
    return Client(create_app(repository))
