"""The server as a process: one SQLite file, one port."""

from __future__ import annotations

from pathlib import Path

import uvicorn

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository


def serve(db: Path, host: str = "127.0.0.1", port: int = 8000, settings: Settings | None = None) -> None:
    """Serves the store in ``db`` (made if it is not there) until it is told to stop; port 0 takes a free
    one.

    :class:`~fhir_vitiligo.errors.StorageError` when the file cannot be used. What was acknowledged is on
    the disk, however the process ends.
    """
    release = Release.R4
    with SqliteRepository(db, parameters_of(release)) as repository:
        app = create_app(repository, settings, release)
        uvicorn.run(app, host=host, port=port, log_level="info", access_log=False, server_header=False)
