"""``validate``: FHIR resources against the definitions of their release."""

from __future__ import annotations

from typing import Any

import click

from fhir_vitiligo.cli.inputs import FHIR, Piece, find
from fhir_vitiligo.cli.options import files_argument, jobs_option, release_option
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.fhir.release import Release


@click.command()
@files_argument
@release_option()
@jobs_option
@click.pass_context
def validate(ctx: click.Context, files: tuple[str, ...], release: Release, jobs: int | None) -> None:
    """Check resources and Bundles, and print what is wrong: file, FHIRPath, and what would be right.

    Exit status 1 when there is an error.
    """
    from fhir_vitiligo.cli.jobs import Validate
    from fhir_vitiligo.cli.work import run

    results: list[bool] = []

    def take(piece: Piece, good: Any) -> None:
        results.append(good)

    failed, _ = run(
        Validate(release),
        find(files, FHIR),
        take,
        jobs,
        bar=False,
        tell=lambda issues: report(issues, to_stdout=True),
    )
    bad = results.count(False)
    unread = failed - bad
    summary = f"{len(results)} checked against {release.name}: {bad or 'none'} with errors"
    note(summary + (f"; {unread} could not be read" if unread else ""))
    if failed:
        ctx.exit(1)
