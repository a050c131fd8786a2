"""The server as a process: one SQLite file, one port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server import memory
from fhir_vitiligo.server.api import Receive
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.message import Scope
from fhir_vitiligo.server.protocol import FhirHttp
from fhir_vitiligo.server.sending import Send
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository

App = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""


def serve(
    db: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    settings: Settings | None = None,
    wrap: Callable[[App, Settings, Release], App] | None = None,
) -> None:
    """Serves the store in ``db`` (made if it is not there) until it is told to stop; port 0 takes a free
    one. ``wrap`` puts something around the application, as the pages for browsers are
    (:func:`fhir_vitiligo.web.app.with_pages`).

    :class:`~fhir_vitiligo.errors.StorageError` when the file cannot be used. What was acknowledged is on
    the disk, however the process ends.
    """
    release = Release.R4
    memory.begin()
    with SqliteRepository(db, parameters_of(release)) as repository:
        settings = settings or Settings()
        app: App = create_app(repository, settings, release)
        if wrap is not None:
            app = wrap(app, settings, release)
        memory.settle()
        uvicorn.run(
            app,
            host=host,
            port=port,
            log_level="info",
            access_log=False,
            server_header=False,
            http=FhirHttp,
            proxy_headers=False,  # read where the base URL is made (fhir_vitiligo.server.message)
        )
