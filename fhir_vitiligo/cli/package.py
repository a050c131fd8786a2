"""``package``: the definitions as a FHIR package."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from fhir_vitiligo.cli.options import output_option
from fhir_vitiligo.cli.outputs import Output
from fhir_vitiligo.cli.reports import note
from fhir_vitiligo.fhir.release import Release


@click.command(short_help="Write or install the profiles, value sets and maps (.tgz).")
@click.option(
    "--release",
    type=click.Choice(["r4", "r5"]),
    default="r4",
    show_default=True,
    help="The FHIR release. R4B takes the package of R4.",
)
@output_option("Where to write, instead of NAME-VERSION.tgz here; - is stdout.")
@click.option(
    "--install",
    is_flag=True,
    help="Put the package into ~/.fhir/packages, where SUSHI and HL7's validator look, instead of a file.",
)
def package(release: str, output: str | None, install: bool) -> None:
    """Write the vitiligo profiles, value sets and maps as a FHIR package (.tgz)."""
    from fhir_vitiligo.fhir.json import loads_object
    from fhir_vitiligo.fhir.package_archive import archive, read_package
    from fhir_vitiligo.own_package import own_examples, own_package

    if install and output is not None:
        raise click.UsageError("--install puts the package into ~/.fhir/packages: leave -o out")
    if output not in (None, "-") and not str(output).endswith(".tgz"):
        raise click.UsageError(f"{output}: a FHIR package is a .tgz; give a name that ends so")
    of = Release.of(release)
    files = read_package(own_package(of), own_examples(of))
    manifest = loads_object(files["package/package.json"])
    name, version = manifest["name"], manifest["version"]
    if install:
        click.echo(_install(files, Path.home() / ".fhir" / "packages", f"{name}#{version}"))
        return
    target = output or f"{name}-{version}.tgz"
    with Output(target) as out:
        out.write(archive(files))
    if target != "-":
        note(f"{target}: {name} {version}, {len(files)} files")


def _install(files: Mapping[str, bytes], cache: Path, name: str) -> Path:
    """The package's folder in the cache, put there whole; one of that name gives way."""
    folder = cache / name
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # Beside the cache, not in it: a reader of the cache takes every folder there for a package.
        with tempfile.TemporaryDirectory(prefix=".package-", dir=cache.parent) as temporary:
            fresh = Path(temporary) / "fresh"
            for path, data in files.items():
                (fresh / path).parent.mkdir(parents=True, exist_ok=True)
                (fresh / path).write_bytes(data)
            if folder.exists():
                os.replace(folder, Path(temporary) / "former")
            os.replace(fresh, folder)
    except OSError as error:
        raise click.UsageError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    return folder
