"""``to-fhir`` and ``from-fhir``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from fhir_vitiligo.cli.inputs import CASES, FHIR, RESOURCES, Piece, find
from fhir_vitiligo.cli.options import files_argument, jobs_option, output_option, release_option
from fhir_vitiligo.cli.outputs import Output, spare, suffix
from fhir_vitiligo.cli.repeats import Repeats
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.errors import Issue, MappingError
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.cli.jobs import Made


class InstantType(click.ParamType[str]):
    """An instant, or ``now``."""

    name = "instant|now"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from fhir_vitiligo.mapping.mapper import recorded_instant

        if value == "now":
            value = datetime.now(UTC).replace(microsecond=0)
        try:
            return recorded_instant(value) or ""
        except MappingError as error:
            self.fail(error.issues[0].text, param, ctx)


class AcceptType(click.ParamType[tuple[str, str]]):
    """``PATH=VALUE``."""

    name = "path=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        path, sign, reading = str(value).partition("=")
        if not sign or not path or not reading:
            self.fail(f"{value!r} is not PATH=VALUE, such as assessments.vetf-t0.total=7.6", param, ctx)
        return path, reading


class Documents:
    """JSON documents to an output: one from one input is indented for people, of many each is a line."""

    def __init__(self, output: Output, *, alone: bool, indent: bool) -> None:
        self._output, self._alone, self._indent = output, alone, indent
        self._held: bytes | None = None
        self.count = 0

    def take(self, piece: Piece, document: bytes) -> None:
        self.count += 1
        self._alone = self._alone and piece.alone and self.count == 1
        if self._alone:
            self._held = document
            return
        if self._held is not None:
            self._output.write(self._held + b"\n")
            self._held = None
        self._output.write(document + b"\n")

    def finish(self) -> None:
        if self._held is not None:
            from fhir_vitiligo.fhir import json

            text = json.dumps_pretty(json.loads(self._held)) if self._indent else self._held
            self._output.write(text + b"\n")


def has_room(output: str | None) -> bool:
    """Whether a progress bar would stand alone on the terminal."""
    return output is not None or not sys.stdout.isatty()


@click.command("to-fhir")
@files_argument
@release_option()
@click.option(
    "--type",
    "kind",
    type=click.Choice(["transaction", "collection", "document"]),
    default="transaction",
    show_default=True,
    help="Bundle.type: to be stored as a whole, as it is, or a document with a Composition. A document has a time it was made "
    "at, which is now unless --recorded says it.",
)
@output_option("Where to write, instead of stdout; compressed where the name ends in .gz.")
@click.option(
    "--recorded",
    type=InstantType(),
    metavar="INSTANT|now",
    help="When the conversion was made. Without it the Provenance says that this is unknown, so that a case "
    "always gives the same output.",
)
@click.option(
    "--accept",
    type=AcceptType(),
    multiple=True,
    metavar="PATH=VALUE",
    help="A reading of an ambiguous value that you vouch for, such as assessments.vetf-t0.total=7.6; of several cases, "
    "for each that has this value.",
)
@click.option(
    "--indent/--no-indent", default=True, help="Whether a single Bundle is written for people or on one line."
)
@jobs_option
@click.pass_context
def to_fhir(
    ctx: click.Context,
    files: tuple[str, ...],
    release: Release,
    kind: str,
    output: str | None,
    recorded: str | None,
    accept: tuple[tuple[str, str], ...],
    indent: bool,
    jobs: int | None,
) -> None:
    """Make a FHIR Bundle of each case.

    One case from one file is written as indented JSON; several are written as NDJSON, a Bundle a line, in
    the order of the input. A case with faults is reported on stderr and the others go through.
    """
    from fhir_vitiligo.cli.jobs import ToFhir, as_bundle_type
    from fhir_vitiligo.cli.work import run

    sources = find(files, CASES)
    spare(sources, output)
    repeats = Repeats()
    accepted: set[int] = set()
    with Output(output) as out:
        documents = Documents(out, alone=len(sources) == 1, indent=indent)

        def take(piece: Piece, made: Made) -> None:
            if made.case_id is not None:
                repeats.see(piece, made.case_id)
            accepted.update(made.accepted)
            documents.take(piece, made.text)

        job = ToFhir(release, as_bundle_type(kind), recorded, accept, several=len(sources) > 1)
        failed, _ = run(job, sources, take, jobs, bar=has_room(output))
        documents.finish()
    repeats.finish()
    if not failed and (missed := [path for number, (path, _) in enumerate(accept) if number not in accepted]):
        # Each case takes the readings that are about it: one that is about none was mistyped.
        report(Issue("error", "not-found", path, "no case has this value to accept") for path in missed)
        failed = len(missed)
    _end(ctx, failed, documents.count, "cases")


def _end(ctx: click.Context, failed: int, done: int, what: str) -> None:
    if failed and failed + done > 1:
        note(f"{failed} of {failed + done} {what} failed, {done} went through")
    if failed:
        ctx.exit(1)


class Cases:
    """Cases to an output in YAML or JSON, and their residue to another."""

    def __init__(
        self, output: Output, residue: Output | None, *, alone: bool, lines: bool, as_json: bool
    ) -> None:
        self._output, self._residue, self._as_json = output, residue, as_json
        self._documents = Documents(output, alone=alone and not lines, indent=True)
        self._alone = alone
        self._first: tuple[Piece, Any] | None = None
        self._repeats = Repeats()
        self._without: list[str] = []
        self.count = self.left = 0

    def take(self, piece: Piece, case: Any) -> None:
        self.count += 1
        self.left += len(case.residue)
        self._repeats.see(piece, case.id)
        if not case.about:
            self._without.append(case.id)
        if self._as_json:
            self._documents.take(piece, case.text)
        else:
            self._output.write((b"---\n" if self.count > 1 else b"") + case.text)
        if self._residue is None:
            return
        if self.count == 1 and self._alone and piece.alone:
            self._first = (piece, case)
            return
        if self._first is not None:
            self._line(self._first[1])
            self._first = None
        self._line(case)

    def _line(self, case: Any) -> None:
        from fhir_vitiligo.fhir import json

        assert self._residue is not None
        self._residue.write(json.dumps({"case": case.id, "residue": list(case.residue)}) + b"\n")

    def finish(self) -> None:
        self._documents.finish()
        if self._first is not None and self._residue is not None:
            from fhir_vitiligo.fhir import json

            self._residue.write(json.dumps_pretty(list(self._first[1].residue)) + b"\n")

    def tell(self) -> None:
        """What is to be said when all is written."""
        self._repeats.finish()
        if self._without:
            named = ", ".join(self._without[:5]) + (", ..." if len(self._without) > 5 else "")
            cases = "the case" if self.count == 1 else f"{len(self._without)} of {self.count} cases"
            note(f"nothing about vitiligo was recognised in {cases}: {named}")


@click.command("from-fhir", short_help="Make a case of each patient in FHIR resources.")
@files_argument
@release_option(None, "The FHIR release.  [default: told from the resources]")
@output_option(
    "Where to write the case, instead of stdout: YAML, or JSON where FILE ends in .json, .ndjson or .jsonl."
)
@click.option(
    "--residue",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where to list every value of the input that no case carries, with its FHIRPath: of one case a JSON array of "
    "{resource, expression, value}, of several NDJSON, a line {case, residue} for each.",
)
@jobs_option
@click.pass_context
def from_fhir(
    ctx: click.Context,
    files: tuple[str, ...],
    release: Release | None,
    output: str | None,
    residue: str | None,
    jobs: int | None,
) -> None:
    """Make a case of each patient in FHIR resources, whoever wrote them.

    JSON or XML. A Bundle is read on its own. Resources outside a Bundle (a file each, or NDJSON of a bulk export) are
    read together, because a patient's are spread over them; their cases come last. Several cases are YAML
    documents one after the other.
    """
    from fhir_vitiligo.cli.jobs import FromFhir
    from fhir_vitiligo.cli.work import run
    from fhir_vitiligo.fhir import json

    sources = find(files, RESOURCES)
    spare(sources, output, residue)
    as_json = suffix(output) in FHIR
    job = FromFhir(release, "json" if as_json else "yaml")
    with Output(output) as out, Output(residue) as rest:
        cases = Cases(
            out,
            rest if residue else None,
            alone=len(sources) == 1,
            lines=suffix(output) in (".ndjson", ".jsonl"),
            as_json=as_json,
        )
        failed, loose = run(job, sources, cases.take, jobs, bar=has_room(output))
        if loose:
            outcome = job.read(
                [json.loads(text) for text in loose] if len(loose) > 1 else json.loads(loose[0])
            )
            report(outcome.issues)
            whole = Piece(sources[0].name)
            for case in outcome.outputs:
                cases.take(whole, case)
            failed += outcome.failed
        cases.finish()
    cases.tell()
    if cases.left and residue is None:
        said = "1 value of the input stands" if cases.left == 1 else f"{cases.left} values of the input stand"
        note(f"{said} in no case: see --residue FILE")
    _end(ctx, failed, cases.count, "documents")
