"""The application with its pages over a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository
from fhir_vitiligo.web.app import with_pages
from tests.server.support import Client


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    settings = Settings(validation="off", check_targets=False)
    with SqliteRepository(tmp_path / "store.sqlite", parameters_of(Release.R4)) as store:
        app: Any = with_pages(create_app(store, settings), settings, Release.R4)
        yield Client(app)
