"""The server as a process: one SQLite file, one port."""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
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

_NOT_STARTED = 3
"""The exit status of a server that could not start, as uvicorn has it."""


def serve(
    db: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    settings: Settings | None = None,
    wrap: Callable[[App, Settings, Release], App] | None = None,
    listening: Callable[[int], None] | None = None,
) -> None:
    """Serves the store in ``db`` (made if it is not there) until it is told to stop; port 0 takes a free
    one. ``wrap`` puts something around the application, as the pages for browsers are
    (:func:`fhir_vitiligo.web.app.with_pages`). ``listening`` is called with the port once requests are taken.

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
        server = _Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_level="info",
                access_log=False,
                server_header=False,
                http=FhirHttp,
                proxy_headers=False,  # read where the base URL is made (fhir_vitiligo.server.message)
            ),
            listening,
        )
        # Ctrl-C is how it is told to stop.
        with suppress(KeyboardInterrupt):
            server.run()
    if not server.started:
        sys.exit(_NOT_STARTED)


class _Server(uvicorn.Server):
    """Tells when it listens, and where: of port 0 nobody knows before."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._listening is not None:
            self._listening(int(self.servers[0].sockets[0].getsockname()[1]))
