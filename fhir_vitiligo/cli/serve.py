"""``serve`` and ``load``: the FHIR server on one SQLite file, and what is put into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fhir_vitiligo.cli.inputs import CASES, Piece, find
from fhir_vitiligo.cli.options import files_argument, jobs_option
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release

_DB = click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("vitiligo.sqlite"),
    show_default=True,
    metavar="FILE",
    help="The SQLite file, made where there is none.",
)


@click.command()
@_DB
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 takes a free one.",
)
def serve(db: Path, host: str, port: int) -> None:
    """Serve a FHIR R4 API at /fhir until Ctrl-C."""
    from fhir_vitiligo.server.run import serve as run_server
    from fhir_vitiligo.web.app import with_pages

    if port:
        shown = f"[{host}]" if ":" in host else host
        note(f"FHIR base http://{shown}:{port}/fhir from {db}; a page to look at is http://{shown}:{port}/")
    run_server(db, host, port, wrap=with_pages)


@click.command()
@files_argument
@_DB
@jobs_option
@click.pass_context
def load(ctx: click.Context, files: tuple[str, ...], db: Path, jobs: int | None) -> None:
    """Put cases or FHIR (Bundles, resources, NDJSON) into the SQLite file of a server.

    Each case or document is stored as a whole or not at all. What is there already is updated, never doubled.
    """
    from fhir_vitiligo.cli.jobs import Stored
    from fhir_vitiligo.cli.work import run
    from fhir_vitiligo.fhir import json
    from fhir_vitiligo.search.parameters import parameters_of
    from fhir_vitiligo.storage.load import LoadCounts, load_document
    from fhir_vitiligo.storage.sqlite import SqliteRepository

    sources = find(files, CASES)
    counts = LoadCounts()
    refused = 0
    with SqliteRepository(db, parameters_of(Release.R4)) as repository:

        def take(piece: Piece, document: Any) -> None:
            nonlocal refused
            try:
                counts.add(load_document(repository, json.loads(document)))
                counts.documents += 1
            except FhirVitiligoError as error:
                refused += 1
                report(map(piece.placed, error.issues))

        failed, _ = run(Stored(), sources, take, jobs)
    said = [f"{counts.created} created", f"{counts.updated} updated"]
    said += [f"{counts.matched} there already"] if counts.matched else []
    said += [f"{counts.deleted} deleted"] if counts.deleted else []
    documents = "1 document" if counts.documents == 1 else f"{counts.documents} documents"
    note(f"{db}: {documents}, resources: {', '.join(said)}")
    if failed or refused:
        note(f"not in {db}, because it failed: {failed + refused} of the input")
        ctx.exit(1)
