"""``db``: care for the SQLite file of a server, which may go on working meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from fhir_vitiligo.cli.options import db_option
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.errors import FhirVitiligoError, StorageError

_DB = db_option("The SQLite file.")
_FILE = click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
_MIB = 1024 * 1024


@contextmanager
def _about(db: Path, target: Path | None = None) -> Iterator[None]:
    """What goes wrong names the file."""
    try:
        yield
    except FhirVitiligoError as error:
        raise StorageError(
            issue
            if str(db) in issue.text or (target is not None and str(target) in issue.text)
            else replace(issue, source=issue.source or str(db))
            for issue in error.issues
        ) from None


def _one(ctx: click.Context, file: Path | None, db: Path) -> Path:
    """The file that is meant; :class:`click.UsageError` where two are named."""
    if file is None:
        return db
    if ctx.get_parameter_source("db") is click.core.ParameterSource.COMMANDLINE and file != db:
        raise click.UsageError(f"two files are named, {db} and {file}: name one, as FILE or by --db")
    return file


@click.group(short_help="Check, shrink or copy the file of a server, also while it runs.")
def db() -> None:
    """Check, shrink or copy the SQLite file of a server, also while it runs."""


@db.command(short_help="Is the file whole?")
@_FILE
@_DB
@click.pass_context
def check(ctx: click.Context, file: Path | None, db: Path) -> None:
    """Is the file whole: structure, versions, JSON, and the search index against one made anew.

    FILE is another way to write --db FILE.
    """
    from fhir_vitiligo.fhir.release import Release
    from fhir_vitiligo.search.parameters import parameters_of
    from fhir_vitiligo.storage.maintenance import check as check_store

    db = _one(ctx, file, db)
    with _about(db):
        found = check_store(db, parameters_of(Release.R4))
    report(found.issues)
    state = "is whole" if not found.issues else "has faults"
    note(
        f"{db} {state}: {found.resources} resources, {found.versions} versions, {found.bytes / _MIB:.1f} MiB"
    )
    if found.issues:
        ctx.exit(1)


@db.command(short_help="Give the room of what was deleted back to the disk.")
@_FILE
@_DB
@click.pass_context
def compact(ctx: click.Context, file: Path | None, db: Path) -> None:
    """Give the room of what was deleted back to the disk.

    FILE is another way to write --db FILE.
    """
    from fhir_vitiligo.storage.maintenance import compact as compact_store

    db = _one(ctx, file, db)
    with _about(db):
        before, after = compact_store(db)
    note(f"{db}: {before / _MIB:.1f} MiB before, {after / _MIB:.1f} MiB now")


@db.command(short_help="Copy the file as it is at one moment.")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@_DB
def backup(target: Path, db: Path) -> None:
    """Copy the file as it is at one moment to TARGET, a new file."""
    from fhir_vitiligo.storage.maintenance import backup as backup_store

    with _about(db, target):
        size = backup_store(db, target)
    note(f"{target}: {size / _MIB:.1f} MiB, a copy of {db}")
