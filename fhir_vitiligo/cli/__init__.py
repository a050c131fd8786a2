"""The command line: ``fhir-vitiligo COMMAND``. A file for each group of commands; what they need is
imported when they run.

Exit status: 0 when all went well, 1 when an input has faults, 2 when the call itself is wrong, 130 after
Ctrl-C.
"""

from __future__ import annotations

import errno
import sys
from contextlib import suppress
from typing import Any

import click

import fhir_vitiligo
from fhir_vitiligo.cli import convert, db, examples, explain, load, package, schema, serve, show, validate
from fhir_vitiligo.cli.reports import report
from fhir_vitiligo.errors import FhirVitiligoError


class Program(click.Group):
    """A group whose commands end in sentences: errors as data become lines on stderr, never a traceback."""

    def main(self, *args: Any, **extra: Any) -> Any:
        _settle_streams()
        try:
            return super().main(*args, **extra)
        except OSError as error:
            _tell_unwritten(error)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except FhirVitiligoError as error:
            report(error.issues)
            _forget_unwritten()
            ctx.exit(1)
        except KeyboardInterrupt:
            ctx.exit(130)
        except BrokenPipeError:
            # The reader (head, less) has seen enough. What is still in the buffer has nowhere to go.
            _forget(sys.stdout)
            ctx.exit(141)


def _settle_streams() -> None:
    """Streams that take whatever is written: one that was closed takes it to nowhere, and a terminal that knows fewer
    characters shows a question mark.
    """
    import os

    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            # It has to stay open as long as the program runs.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
        elif (
            mode == "w"
            and hasattr(stream, "reconfigure")
            and (stream.encoding or "").lower().replace("-", "") != "utf8"
        ):
            stream.reconfigure(errors="replace")


_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO))


def _tell_unwritten(error: OSError) -> None:
    """Tell that stdout takes no more, such as with a full disk behind it; any other error goes on.

    What is written to a file tells its own faults: see :class:`fhir_vitiligo.cli.outputs.Output`.
    """
    from fhir_vitiligo.cli.outputs import unwritten

    if error.errno not in _FULL or error.filename is not None:
        raise error
    _forget_unwritten()
    with suppress(OSError):  # where stderr takes no more either, nobody can be told
        report(unwritten("<stdout>", error).issues)
    _forget_unwritten()


def _forget_unwritten() -> None:
    """What is still in the buffer of a stream that takes no more has nowhere to go."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _forget(stream)


def _forget(stream: Any) -> None:
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(fhir_vitiligo.__version__, prog_name="fhir-vitiligo")
def main() -> None:
    """Vitiligo cases to FHIR R4, R4B and R5 and back.

    Where a command takes FILE it takes several, directories, globs, NDJSON, gzip and - for what comes in.
    """


for _command in (
    examples.examples,
    convert.to_fhir,
    convert.from_fhir,
    explain.explain,
    show.table,
    schema.schema,
    validate.validate,
    package.package,
    serve.serve,
    load.load,
    db.db,
):
    main.add_command(_command)
