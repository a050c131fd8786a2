"""How problems are told on a terminal: one line each on stderr, with file, line and path."""

from __future__ import annotations

from collections.abc import Iterable

import click

from fhir_vitiligo.errors import Issue

_COLOURS = {"fatal": "red", "error": "red", "warning": "yellow", "information": "blue"}


def line(issue: Issue) -> str:
    """``error: case.yaml:3:5 subject.sex: 'm' is not allowed here: ...``"""
    severity = "error" if issue.severity == "fatal" else issue.severity
    return f"{click.style(severity, fg=_COLOURS[issue.severity])}: {issue}"


def report(issues: Iterable[Issue], *, to_stdout: bool = False) -> None:
    """Tell the issues; on stderr, unless they are what was asked for."""
    for issue in issues:
        click.echo(line(issue), err=not to_stdout)


def note(text: str) -> None:
    """A sentence beside the output."""
    click.echo(text, err=True)
