"""``serve`` and ``load``: the FHIR server on one SQLite file, and what is put into it."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_vitiligo.cli.inputs import CASES, Piece, find
from fhir_vitiligo.cli.options import db_option, files_argument, jobs_option
from fhir_vitiligo.cli.repeats import Repeats
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.cli.jobs import Made
    from fhir_vitiligo.server.settings import Settings

_DB = db_option("The SQLite file, made where there is none.")


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
@click.option(
    "--set",
    "assigned",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting in place of its default, such as validation=structure or cors_origins=https://app.example (several with "
    "commas); docs/settings.md has them all. May be repeated.",
)
def serve(db: Path, host: str, port: int, assigned: tuple[str, ...]) -> None:
    """Serve a FHIR R4 API at /fhir until Ctrl-C."""
    from fhir_vitiligo.server.run import serve as run_server
    from fhir_vitiligo.web.app import with_pages

    settings = _settings(assigned)
    _check_free(host, port)
    if port:
        root = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        note(f"FHIR base {root}{settings.base_path} from {db}; a page to look at is {root}/")
    run_server(db, host, port, settings, wrap=with_pages)


def _settings(assigned: Iterable[str]) -> Settings:
    """The settings with those assigned; :class:`click.UsageError` tells every name and value that is none."""
    from pydantic import ValidationError

    from fhir_vitiligo.server.settings import Settings

    known = Settings.model_fields
    given: dict[str, str | tuple[str, ...]] = {}
    faults: list[str] = []
    for one in assigned:
        name, equals, value = one.partition("=")
        if name not in known or not equals:
            near = get_close_matches(name, known, n=1)
            right = f"did you mean {near[0]}=...?" if near else f"there are {', '.join(known)}"
            faults.append(f"--set {one}: {'write NAME=VALUE' if name in known else right}")
        elif isinstance(known[name].default, tuple):
            given[name] = tuple(part.strip() for part in value.split(",") if part.strip())
        else:
            given[name] = value.strip()
    settings = Settings()
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        faults += [f"--set {one['loc'][0]}={one['input']}: {one['msg']}" for one in error.errors()]
    if faults:
        raise click.UsageError("\n".join(faults))
    return settings


def _check_free(host: str, port: int) -> None:
    """:class:`click.UsageError` where nobody can listen there, before anything is opened."""
    import socket

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except socket.gaierror:
        raise click.UsageError(
            f"--host {host} is no address of this machine: use 127.0.0.1 or 0.0.0.0"
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text = f"port {port} is taken by another program: give another with --port, or 0 for any that is free"
        else:
            text = f"cannot listen on {host}, port {port}: {error.strerror}"
        raise click.UsageError(text) from None


@click.command(short_help="Put cases or FHIR into the SQLite file of a server.")
@files_argument
@_DB
@jobs_option
@click.pass_context
def load(ctx: click.Context, files: tuple[str, ...], db: Path, jobs: int | None) -> None:
    """Put cases or FHIR (Bundles, resources, NDJSON) into the SQLite file of a server.

    Each case or document is stored as a whole or not at all. What is there already is updated, never doubled.
    Of a FHIR package (.tgz) the definitions are taken, not the examples.
    """
    from fhir_vitiligo.cli.jobs import Stored
    from fhir_vitiligo.cli.work import run
    from fhir_vitiligo.fhir import json
    from fhir_vitiligo.search.parameters import parameters_of
    from fhir_vitiligo.storage.load import LoadCounts, load_document
    from fhir_vitiligo.storage.sqlite import SqliteRepository

    sources = find(files, (*CASES, ".xml"), packages=True)
    counts = LoadCounts()
    repeats = Repeats()
    refused = 0
    with SqliteRepository(db, parameters_of(Release.R4)) as repository:

        def take(piece: Piece, made: Made) -> None:
            nonlocal refused
            if made.case_id is not None:
                repeats.see(piece, made.case_id)
            try:
                counts.add(load_document(repository, json.loads(made.text)))
                counts.documents += 1
            except FhirVitiligoError as error:
                refused += 1
                report(map(piece.placed, error.issues))

        failed, _ = run(Stored(), sources, take, jobs)
    repeats.finish()
    said = [f"{counts.created} created", f"{counts.updated} updated"]
    said += [f"{counts.matched} there already"] if counts.matched else []
    said += [f"{counts.deleted} deleted"] if counts.deleted else []
    documents = "1 document" if counts.documents == 1 else f"{counts.documents} documents"
    note(f"{db}: {documents}, resources: {', '.join(said)}")
    if failed or refused:
        note(f"not in {db}, because it failed: {failed + refused} of the input")
        ctx.exit(1)
