"""HL7's cases once more, as a user runs them: by the command, with nothing but a profile and packages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_vitiligo.cli import main
from tests.validation.official_cases import FOLDER, Case, cases, run

# What a case is to be checked with beyond that: HL7's runner fetches what references name, asks that it is there,
# or leaves contained resources alone.
_MORE = ("validateReference=", "validateContains=IGNORE")
_FETCHED = {
    "fhirpath-good#base": "ctm-1 asks what the reference leads to, which is a file of its own",
    "type-ref-checked#profile": "what the reference leads to is a file of its own",
    "aggregation-apart-good4#profile": "the note stands at the case without the profile, and holds for the file",
}


def _arguments(case: Case) -> list[str]:
    given = ["validate", str(case.file), "--release", case.release.value, "--format", "outcome", "-j", "1"]
    for name in (*case.supporting, *case.profiles):
        if (FOLDER / name).exists():
            given += ["--package", str(FOLDER / name)]
    return given + [part for name in case.profiles for part in ("--profile", _url(FOLDER / name, case))]


def _url(path: Path, case: Case) -> str:
    from fhir_vitiligo.fhir.source import parse

    return str(parse(path.read_bytes(), case.release).resource["url"])


@pytest.mark.parametrize("part", range(8))
def test_the_command_says_what_the_validator_does(shared_dir: Path, part: int) -> None:
    assert FOLDER.is_relative_to(shared_dir)
    differ = []
    for case in cases()[part::8]:
        if case.id in _FETCHED or any(note.startswith(_MORE) for note in case.notes):
            continue
        result = CliRunner().invoke(main, _arguments(case))
        outcomes = [json.loads(line) for line in result.stdout.splitlines()]
        told = any(one["severity"] in ("error", "fatal") for each in outcomes for one in each["issue"])
        if (told, result.exit_code) != (bool(run(case).errors), int(told)):
            differ.append((case.id, result.exit_code, result.output[:300]))
    assert differ == []
