"""``db``: care for the SQLite file of a server, which may go on working meanwhile."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_vitiligo.cli.reports import note, report

_DB = click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("vitiligo.sqlite"),
    show_default=True,
    metavar="FILE",
    help="The SQLite file.",
)
_MIB = 1024 * 1024


@click.group()
def db() -> None:
    """Check, shrink or copy the SQLite file of a server, also while it runs."""


@db.command()
@_DB
@click.pass_context
def check(ctx: click.Context, db: Path) -> None:
    """Is the file whole: structure, versions, JSON, and the search index against one made anew."""
    from fhir_vitiligo.fhir.release import Release
    from fhir_vitiligo.search.parameters import parameters_of
    from fhir_vitiligo.storage.maintenance import check as check_store

    found = check_store(db, parameters_of(Release.R4))
    report(found.issues)
    state = "is whole" if not found.issues else "has faults"
    note(
        f"{db} {state}: {found.resources} resources, {found.versions} versions, {found.bytes / _MIB:.1f} MiB"
    )
    if found.issues:
        ctx.exit(1)


@db.command()
@_DB
def compact(db: Path) -> None:
    """Give the room of what was deleted back to the disk."""
    from fhir_vitiligo.storage.maintenance import compact as compact_store

    before, after = compact_store(db)
    note(f"{db}: {before / _MIB:.1f} MiB before, {after / _MIB:.1f} MiB now")


@db.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@_DB
def backup(target: Path, db: Path) -> None:
    """Copy the file as it is at one moment to TARGET, a new file."""
    from fhir_vitiligo.storage.maintenance import backup as backup_store

    size = backup_store(db, target)
    note(f"{target}: {size / _MIB:.1f} MiB, a copy of {db}")
