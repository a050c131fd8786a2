"""The command line as a user calls it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fhir_vitiligo.cli import main

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run the program in a directory of its own; arguments are made text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object, stdin: bytes | None = None, status: int = 0) -> Result:
        result = CliRunner().invoke(main, list(map(str, arguments)), input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, result.output
        return result

    return run


def hears_ctrl_c() -> None:
    """For a process that is to be interrupted: where the tests themselves run in the background, a shell has had it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
