"""``serve``: the FHIR server on one SQLite file."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fhir_vitiligo.cli.options import db_option
from fhir_vitiligo.cli.reports import note

if TYPE_CHECKING:
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

    def tell(port: int) -> None:
        root = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        note(f"FHIR base {root}{settings.base_path} from {db}; a page to look at is {root}/")

    run_server(db, host, port, settings, wrap=with_pages, listening=tell)


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
        faults += [_fault(one["loc"], one["input"], one["msg"]) for one in error.errors()]
    if faults:
        raise click.UsageError("\n".join(faults))
    return settings


def _fault(place: tuple[int | str, ...], value: Any, message: str) -> str:
    """What is wrong with a setting, or with how two go together."""
    text = message.removeprefix("Value error, ")
    value = ",".join(value) if isinstance(value, tuple) else value
    return f"--set {place[0]}={value}: {text}" if place else f"--set: {text}"


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
