"""``examples``: the packaged cases."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_vitiligo.errors import FhirVitiligoError


@click.command(short_help="List the packaged cases, print one, or write them to a directory.")
@click.argument("name", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Write the cases there as YAML files.",
)
@click.pass_context
def examples(ctx: click.Context, name: str | None, output: str | None) -> None:
    """List the packaged cases, print one (such as case-report), or write them to a directory."""
    from fhir_vitiligo import packaged

    names = packaged.example_names() if name is None else (name,)
    try:
        texts = {one: packaged.example_text(one) for one in names}
    except FhirVitiligoError as error:
        raise click.UsageError(error.issues[0].text) from None
    if output is not None:
        if not _write(Path(output), texts):
            ctx.exit(1)
    elif name is not None:
        # As bytes: what is written to a file this way is UTF-8, whatever the terminal writes.
        click.echo(texts[name].encode(), nl=False)
    else:
        width = max(map(len, names))
        for one in names:
            click.echo(f"{one.ljust(width)}  {packaged.about(one)}")


def _write(folder: Path, texts: dict[str, str]) -> bool:
    written = []
    kept = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            path = folder / f"{name}.yaml"
            if path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
                click.echo(f"{path} is there with other content and was kept", err=True)
                kept = True
                continue
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise click.UsageError(f"{error.filename or folder} cannot be written: {error.strerror}") from None
    for path in written:
        click.echo(path)
    return not kept
