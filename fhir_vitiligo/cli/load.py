"""``load``: what is put into the SQLite file of a server without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_vitiligo.cli.inputs import CASES, Piece, find
from fhir_vitiligo.cli.options import db_option, files_argument, jobs_option, release_option
from fhir_vitiligo.cli.repeats import Repeats
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.errors import FhirVitiligoError, Issue
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.cli.store_job import Level, ToStore
    from fhir_vitiligo.fhir.json import Json
    from fhir_vitiligo.storage.former import Former, Key, Left
    from fhir_vitiligo.storage.load import LoadCounts
    from fhir_vitiligo.storage.repository import Repository

_SHOWN = 3


@click.command(short_help="Put cases or FHIR into the SQLite file of a server.")
@files_argument
@db_option("The SQLite file, made where there is none.")
@click.option(
    "--validation",
    "level",
    type=click.Choice(["off", "structure", "profile"]),
    default=None,
    help="What a resource is checked against, as the setting of the server: nothing, the definition of its type, or that and "
    "the profiles it claims. What has an error is not stored.  [default: profile; off for the definitions of a package]",
)
@release_option(
    None,
    "The release that FHIR comes in; R4B and R5 are converted to R4, which is stored.  [default: what the input states, "
    "else r4]",
)
@jobs_option
@click.pass_context
def load(
    ctx: click.Context,
    files: tuple[str, ...],
    db: Path,
    level: Level | None,
    release: Release | None,
    jobs: int | None,
) -> None:
    """Put cases or FHIR (Bundles, resources, NDJSON) into the SQLite file of a server.

    Each case or document is stored as a whole or, where anything in it is wrong, not at all. What is there already is updated,
    never doubled. A case replaces the case of its id: what was made of an earlier version and is no longer in it is
    deleted, unless something else refers to it. A Bundle is done as it says, and deletes nothing by itself.
    Of a FHIR package (.tgz) the definitions are taken, not the examples.
    """
    from fhir_vitiligo.cli.store_job import Stored
    from fhir_vitiligo.cli.work import run
    from fhir_vitiligo.search.parameters import parameters_of
    from fhir_vitiligo.storage.sqlite import SqliteRepository

    sources = find(files, (*CASES, ".xml"), packages=True)
    with SqliteRepository(db, parameters_of(Release.R4)) as repository:
        store = _Store(repository, level)
        failed, _ = run(Stored(level, release), sources, store.take, jobs)
    store.repeats.finish()
    note(f"{db}: {_told(store.counts)}")
    if failed := failed + store.refused:
        note(f"not in {db}, because it failed: {failed} of the input")
        ctx.exit(1)


class _Store:
    """The store while it is loaded into: what became of all there was, and what it refused."""

    def __init__(self, repository: Repository, level: Level | None) -> None:
        from fhir_vitiligo.storage.load import LoadCounts

        self._repository = repository
        self._check = _check_of(level)
        self.counts = LoadCounts()
        self.repeats = Repeats()
        self.refused = 0

    def take(self, piece: Piece, made: ToStore) -> None:
        """Store a document, and tell of it what has to be told."""
        from fhir_vitiligo.fhir import json
        from fhir_vitiligo.storage.load import replace_document

        for case in made.cases:
            self.repeats.see(piece, case)
        try:
            done, left = replace_document(
                self._repository,
                json.loads(made.text),
                [_former(case) for case in made.cases],
                self._check,
                keep=not made.is_case,
            )
        except FhirVitiligoError as error:
            self.refused += 1
            report(map(piece.placed, error.issues))
            return
        self.counts.add(done)
        self.counts.deleted += len(left.deleted)
        self.counts.documents += 1
        report(map(piece.placed, _stayed(made, left)))


def _former(case: str) -> Former:
    from fhir_vitiligo.mapping.belonging import document_of, is_of, record_of
    from fhir_vitiligo.storage.former import Former

    return Former(record_of(case), partial(is_of, case), document_of(case))


def _check_of(level: Level | None) -> Callable[[Json], None] | None:
    """The check of what a patch makes of a stored resource."""
    if level == "off":
        return None

    def check(resource: Json) -> None:
        from fhir_vitiligo.cli.store_job import check_document

        check_document(level or "profile", resource, Release.R4)

    return check


def _stayed(made: ToStore, left: Left) -> Iterable[Issue]:
    """What is still there of an earlier version of a case, and why."""
    if not left.stayed:
        return
    case = " and ".join(map(repr, made.cases))
    if not made.is_case:
        text = (
            f"of an earlier version of the case {case} this is still there and no longer in the Bundle: {_list(left.stayed)}; "
            "load the case itself to replace it, or delete them"
        )
        yield Issue("warning", "business-rule", "", text)
        return
    for (kind, id), by in left.stayed.items():
        assert by is not None
        text = f"{kind}/{id} is no longer in the case {case}, but stays, because {by[0]}/{by[1]} refers to it"
        yield Issue("warning", "business-rule", "", text)


def _list(keys: Iterable[Key]) -> str:
    shown = [f"{kind}/{id}" for kind, id in keys]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def _told(counts: LoadCounts) -> str:
    said = [f"{counts.created} created", f"{counts.updated} updated"]
    said += [f"{counts.matched} there already"] if counts.matched else []
    said += [f"{counts.deleted} deleted"] if counts.deleted else []
    documents = "1 document" if counts.documents == 1 else f"{counts.documents} documents"
    return f"{documents}, resources: {', '.join(said)}"
