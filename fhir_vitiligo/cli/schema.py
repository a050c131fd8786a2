"""``schema``: JSON Schema of the case file."""

from __future__ import annotations

import click

from fhir_vitiligo.cli.options import output_option
from fhir_vitiligo.cli.outputs import Output


@click.command()
@output_option("Where to write, instead of stdout.")
def schema(output: str | None) -> None:
    """Print the JSON Schema of the case file.

    Editors complete and check a case with it; in VS Code (YAML extension) the first line of the file says
    where it is:

    \b # yaml-language-server: $schema=case.schema.json
    """
    from fhir_vitiligo.case.io import json_schema
    from fhir_vitiligo.fhir import json

    with Output(output) as out:
        out.write(json.dumps_pretty(json_schema()) + b"\n")
