"""``validate``: FHIR resources against the definitions of their release, and against profiles."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from fhir_vitiligo.cli.inputs import RESOURCES, Piece, Source, find
from fhir_vitiligo.cli.options import jobs_option, release_option
from fhir_vitiligo.cli.reports import note, report
from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.cli.validate_formats import Written
    from fhir_vitiligo.cli.validate_job import Level, Validate

_FORMATS = ("text", "json", "outcome", "sarif", "github")
_LEVELS = ("error", "warning", "information")
# For people and reviews, what cannot be checked here would bury what is wrong.
_QUIET = ("text", "github")


@click.command(short_help="Check FHIR resources, and tell what is wrong and where.")
@click.argument("files", metavar="FILE...", nargs=-1)
@release_option(None, "The FHIR release.  [default: what the input or a package states, else r4]")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="URL",
    help="A profile that every resource has to conform to, besides those in its meta.profile.",
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="PACKAGE",
    help="Where profiles and terminology come from: a directory, a .tgz, name#version in ~/.fhir/packages, or a "
    "file with one conformance resource. The vitiligo package is always there.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="How to tell: for people; a JSON object a line for each resource; an OperationOutcome a line for each "
    "resource; a SARIF 2.1.0 log; GitHub workflow commands.",
)
@click.option(
    "--level",
    type=click.Choice(_LEVELS),
    default=None,
    help="The least that is told.  [default: warning in text and github, else information]",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE",
    help="A rule that does not count, by its id (shown in brackets) or a pattern such as 'dom-*'.",
)
@click.option("--watch", is_flag=True, help="Go on, and check again what changes, until Ctrl-C.")
@click.option("--explain", metavar="URL", help="Print what a profile is compiled to, and check nothing.")
@click.option("--rules", is_flag=True, help="List the ids of the rules, and check nothing.")
@jobs_option
@click.pass_context
def validate(
    ctx: click.Context,
    files: tuple[str, ...],
    release: Release | None,
    profiles: tuple[str, ...],
    packages: tuple[str, ...],
    format_name: str,
    level: str | None,
    ignore: tuple[str, ...],
    watch: bool,
    explain: str | None,
    rules: bool,
    jobs: int | None,
) -> None:
    """Check resources and Bundles, in JSON or XML, and print what is wrong: file, line, FHIRPath, and what would
    be right.

    Exit status 1 when there is an error, 2 when the call itself is wrong.
    """
    from fhir_vitiligo.cli.validate_job import Validate, loaded

    if rules:
        from fhir_vitiligo.cli.validate_rules import list_rules

        list_rules()
        return
    fallback = _packages(release, packages)
    if explain is not None:
        from fhir_vitiligo.validation import Validator

        try:
            click.echo(Validator(fallback, loaded(fallback, packages) if packages else ()).explain(explain))
        except FhirVitiligoError as error:
            raise click.UsageError(error.issues[0].text) from None
        return
    if not files:
        raise click.UsageError("Missing argument 'FILE...'.")
    _check_profiles(profiles)
    if ignore:
        from fhir_vitiligo.cli.validate_rules import check_ignored

        check_ignored(ignore)
    least = level or ("warning" if format_name in _QUIET else "information")
    job = Validate(release, fallback, profiles, packages, cast("Level", least), ignore)
    if watch:
        from fhir_vitiligo.cli.validate_watch import watch_files

        if "-" in files:
            raise click.UsageError("--watch needs files: what comes in by - does not change")
        watch_files(files, lambda sources: run_once(job, sources, format_name, jobs))
        return
    if run_once(job, find(files, RESOURCES), format_name, jobs):
        ctx.exit(1)


def run_once(job: Validate, sources: list[Source], format_name: str, jobs: int | None) -> int:
    """Check all sources and tell what is found; how many have errors."""
    from fhir_vitiligo.cli.validate_formats import FORMATS, Telling
    from fhir_vitiligo.cli.work import run

    at_terminal = sys.stdout.isatty()
    output = FORMATS[format_name](at_terminal)
    count = bad = 0
    releases: set[Release] = set()

    def take(piece: Piece, written: Written) -> None:
        nonlocal count, bad
        count += 1
        bad += not written.good
        releases.add(written.release)
        output.write(written)

    telling = Telling(job, format_name, at_terminal)
    run(telling, sources, take, jobs, shows=lambda written: at_terminal and bool(written.text))
    output.finish()
    against = " and ".join(release.name for release in sorted(releases, key=lambda one: one.value))
    note(f"{count} checked against {against or 'nothing'}: {bad or 'none'} with errors")
    return bad


def _release_of(packages: Iterable[str]) -> Release:
    """The release that the packages are made for; R4 where none says so."""
    from fhir_vitiligo.fhir.packages import open_package

    stated = (open_package(package).release for package in packages)
    return next((release for release in stated if release is not None), Release.R4)


def _packages(release: Release | None, sources: tuple[str, ...]) -> Release:
    """Open the packages: what is to be said of them is said once, and a package that is not there ends the
    call. The release they are for.
    """
    if not sources:
        return release or Release.R4
    from fhir_vitiligo.cli.validate_job import loaded

    try:
        release = release or _release_of(sources)
        report(loaded(release, sources).issues)
    except FhirVitiligoError as error:
        text = error.issues[0].text
        named = any(source in text or Path(source).name in text for source in sources)
        raise click.UsageError(text if named else f"--package {_unreadable(sources)}: {text}") from None
    return release


def _check_profiles(profiles: tuple[str, ...]) -> None:
    """:class:`click.UsageError` for what can be no profile's address, with what may have been meant."""
    from fhir_vitiligo.fhir.addresses import is_absolute

    for profile in profiles:
        if is_absolute(profile):
            continue
        hint = "such as http://hl7.org/fhir/StructureDefinition/vitalsigns"
        if profile and Path(profile).is_file():
            hint = f"give the file as --package {profile}, and here the url of the profile in it"
        raise click.UsageError(f"--profile {profile!r}: a profile is named by its url: {hint}")


def _unreadable(sources: tuple[str, ...]) -> str:
    """The first package that cannot be opened by itself."""
    from fhir_vitiligo.fhir.packages import open_package

    for source in sources:
        try:
            open_package(source)
        except FhirVitiligoError:
            return source
    return ", ".join(sources)
