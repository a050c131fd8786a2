"""Arguments and options that several commands share, and how they are written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from fhir_vitiligo.errors import ReleaseError
from fhir_vitiligo.fhir.release import Release

F = TypeVar("F", bound=Callable[..., Any])


class ReleaseType(click.ParamType[Release]):
    """``r4``, ``R4B``, ``5.0.0``: a FHIR release by any of its names."""

    name = "r4|r4b|r5"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Release:
        try:
            return Release.of(value)
        except ReleaseError as error:
            self.fail(error.issues[0].text, param, ctx)


def release_option(default: str | None = "r4", text: str = "The FHIR release.") -> Callable[[F], F]:
    """``--release``."""
    return click.option(
        "--release", type=ReleaseType(), default=default, show_default=default is not None, help=text
    )


def files_argument(function: F) -> F:
    """``FILE...``: at least one."""
    return click.argument("files", metavar="FILE...", nargs=-1, required=True)(function)


def db_option(text: str) -> Callable[[F], F]:
    """``--db``: the SQLite file of a server."""
    return click.option(
        "--db",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("vitiligo.sqlite"),
        show_default=True,
        metavar="FILE",
        help=text,
    )


def jobs_option(function: F) -> F:
    """``--jobs``."""
    return click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1),
        default=None,
        metavar="N",
        help="Processes for many inputs.  [default: all cores]",
    )(function)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def output_option(text: str) -> Callable[[F], F]:
    """``-o FILE``."""
    return click.option(
        "-o", "--output", type=click.Path(dir_okay=False), default=None, metavar="FILE", help=text
    )
