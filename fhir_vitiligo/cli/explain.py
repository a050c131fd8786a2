"""``explain``: where every fact of a case goes, how it was read, and what goes nowhere."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from fhir_vitiligo.cli.inputs import CASES, find, pieces
from fhir_vitiligo.cli.options import files_argument, release_option
from fhir_vitiligo.cli.reports import report
from fhir_vitiligo.cli.show import width
from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_vitiligo.case.model import Case
    from fhir_vitiligo.mapping.explain import Row


@click.command(short_help="Show what becomes of a case: every fact and its FHIR element.")
@files_argument
@release_option()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or NDJSON.",
)
@click.pass_context
def explain(ctx: click.Context, files: tuple[str, ...], release: Release, form: str) -> None:
    """Show what becomes of a case: every fact, how it was read, the FHIR element it goes to, and why one
    goes nowhere.
    """
    from fhir_vitiligo.cli.jobs import advice, cases_of
    from fhir_vitiligo.fhir import json
    from fhir_vitiligo.mapping.explain import explain as rows_of

    failed = False
    for piece in pieces(find(files, CASES)):
        for case in cases_of(piece):
            if isinstance(case, FhirVitiligoError):
                failed = True
                report(map(piece.placed, case.issues))
                continue
            report(map(piece.placed, advice(case)))
            rows = list(rows_of(case, release))
            if form == "json":
                click.echo(json.dumps({"case": case.id, "rows": [row.as_dict() for row in rows]}))
            else:
                click.echo("\n".join(_text(case, rows, release)))
    if failed:
        ctx.exit(1)


def _text(case: Case, rows: list[Row], release: Release) -> Iterator[str]:
    from fhir_vitiligo.case.table import columns

    kept = [row for row in rows if row.targets or not row.why_not]
    yield click.style(f"{case.id} in FHIR {release.name}", bold=True)
    for title, group in groupby(
        (row for row in kept if row.section != "Not mapped"), key=lambda row: row.section
    ):
        section = list(group)
        resources = dict.fromkeys(
            f"{target.resource} ({target.title})" for row in section for target in row.targets
        )
        yield ""
        yield f"{click.style(title, bold=True)} -> {', '.join(resources)}"
        yield from columns([cell for row in section for cell in _cells(row)], width(), (20, 32))
    yield ""
    yield click.style("Why not", bold=True)
    reasons = [(row.path, row.value, row.why_not) for row in rows if row.why_not]
    yield from columns(reasons or [("", "Every fact has its place.", "")], width(), (40, 30))


def _cells(row: Row) -> Iterator[tuple[str, str, str]]:
    """A row for people: the fact and its element, and below it how it was read and coded."""
    elements = list(
        dict.fromkeys(str(one) if one.element else f"makes it this {one.resource}" for one in row.targets)
    )
    codes = list(dict.fromkeys(code for target in row.targets for code in target.codes))
    notes = [*elements, *(f"  coded {code}" for code in codes)]
    if row.reading:
        notes.append(f"  read: {row.reading}")
    for index, text in enumerate(notes or ["nothing: says what is so anyway"]):
        yield (row.label, row.value if not index else "", text)
