"""``validate`` called not quite right, and texts that only begin well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call

GOOD = '{"resourceType":"Patient","active":true}'
WRONG = '{"resourceType":"Patient","gender":"x"}'
BROKEN = '{"resourceType":"Patient","gend'


def verdicts(call: Call, *arguments: object, stdin: bytes | None = None, status: int = 1) -> list[Any]:
    output = call("validate", "--format", "json", *arguments, stdin=stdin, status=status).stdout
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize(
    ("lines", "good"),
    [
        ([GOOD, BROKEN, WRONG], [True, False, False]),
        ([BROKEN, GOOD, WRONG], [False, True, False]),
        (["\ufeff" + GOOD, "", BROKEN, GOOD], [True, False, True]),
        ([GOOD, GOOD], [True, True]),
    ],
)
def test_lines_are_lines_whatever_the_file_is_called_and_one_bad_line_stops_nothing(
    call: Call, tmp_path: Path, lines: list[str], good: list[bool]
) -> None:
    text = "\n".join(lines).encode()
    (tmp_path / "some.json").write_bytes(text)
    status = int(not all(good))
    for found in (
        verdicts(call, "some.json", status=status),
        verdicts(call, "-", stdin=text, status=status),
    ):
        assert [told["valid"] for told in found] == good


@pytest.mark.parametrize(
    "text",
    [
        '{"resourceType":"Patient","contact":[\n{"name":{"text":"x"}}\n]}',
        '{"resourceType":"Patient","contact":[{"name":{"text":"x"}},\n{"name":{"text":"y"}}]}',
        '{"resourceType":"Patient","maritalStatus":\n{"text":"x"}}',
        '{\n"resourceType":"Patient",\n"active":true}',
    ],
)
def test_a_document_over_lines_is_one(call: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "one.json").write_text(text)
    assert len(verdicts(call, "one.json", status=0)) == 1


def test_a_profile_that_is_no_address_ends_the_call(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(GOOD)
    told = call("validate", "a.json", "--profile", "a.json", status=2).stderr
    assert "--profile 'a.json': a profile is named by its url: give the file as --package a.json" in told
    for name in ("", "PA"):
        told = call("validate", "a.json", "--profile", name, status=2).stderr
        assert (
            "a profile is named by its url: such as http://hl7.org/fhir/StructureDefinition/vitalsigns"
            in told
        )


def test_what_cannot_be_read_has_a_rule_too(call: Call, tmp_path: Path) -> None:
    (tmp_path / "bad.json.gz").write_bytes(b"\x1f\x8bxxxx")
    ((issue,),) = [told["issues"] for told in verdicts(call, "bad.json.gz")]
    assert issue["rule"] == "unreadable"
    assert "unreadable" in call("validate", "--rules").stdout
