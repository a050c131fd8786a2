"""``table``: a case for the eye."""

from __future__ import annotations

import shutil

import click

from fhir_vitiligo.cli.inputs import CASES, find, pieces
from fhir_vitiligo.cli.options import files_argument
from fhir_vitiligo.cli.reports import report
from fhir_vitiligo.errors import FhirVitiligoError


def width() -> int:
    """Columns of the terminal, within what reads well."""
    return min(max(shutil.get_terminal_size((100, 24)).columns, 60), 140)


@click.command(short_help="Print each case as a table.")
@files_argument
@click.pass_context
def table(ctx: click.Context, files: tuple[str, ...]) -> None:
    """Print each case as a table: what it says, and how each fact came to be known."""
    from fhir_vitiligo.case.table import text_table
    from fhir_vitiligo.cli.jobs import cases_of

    failed = False
    for number, (piece, case) in enumerate((p, c) for p in pieces(find(files, CASES)) for c in cases_of(p)):
        if isinstance(case, FhirVitiligoError):
            failed = True
            report(map(piece.placed, case.issues))
            continue
        click.echo(("\n" if number else "") + text_table(case, width()), nl=False)
    if failed:
        ctx.exit(1)
