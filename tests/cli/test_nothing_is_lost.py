"""What a user could lose by a slip of the hand, and is told instead: files, cases, faults of the program, output."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.cli.inputs import Piece
from fhir_vitiligo.cli.repeats import Repeats
from fhir_vitiligo.cli.validate_job import Validate
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.xml import to_xml
from tests.cli.conftest import Call

PROGRAM = [sys.executable, "-c", "from fhir_vitiligo.cli import main; main()"]
CASE = "id: a\ndiagnoses: [{key: v, name: segmental}]\n"


# Files


def test_what_is_read_is_never_written_over(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CASE)
    (tmp_path / "also.yaml").symlink_to("a.yaml")
    for output in ("a.yaml", "./a.yaml", "also.yaml"):
        told = call("to-fhir", "a.yaml", "-o", output, status=2).stderr
        assert "is one of the files to read: write to another, or it would be gone" in told
    assert (tmp_path / "a.yaml").read_text() == CASE
    call("to-fhir", "a.yaml", "-o", "a.json")
    assert (
        "is one of the files to read" in call("from-fhir", "a.json", "--residue", "a.json", status=2).stderr
    )
    told = call("from-fhir", "a.json", "-o", "x.yaml", "--residue", "./x.yaml", status=2).stderr
    assert "x.yaml is named twice to be written: name two files" in told
    assert not (tmp_path / "x.yaml").exists()
    call("to-fhir", "a.yaml", "-o", "a.json")  # what is written again is not what is read


@pytest.mark.parametrize("command", ["to-fhir", "from-fhir", "explain", "table", "validate", "load"])
def test_an_empty_name_is_not_the_directory_one_is_in(call: Call, tmp_path: Path, command: str) -> None:
    (tmp_path / "a.yaml").write_text(CASE)
    told = call(command, "", status=2).stderr
    assert "the name of a file is empty: a variable of the shell may be unset" in told
    assert not (tmp_path / "vitiligo.sqlite").exists()


def test_the_same_case_gives_the_same_compressed_bytes(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CASE)
    for name in ("1.json.gz", "2.json.gz"):
        call("to-fhir", "a.yaml", "-o", name)
    first, second = ((tmp_path / name).read_bytes() for name in ("1.json.gz", "2.json.gz"))
    assert first == second
    assert first[3:8] == b"\0\0\0\0\0", "neither a name nor a time stands in the header (RFC 1952)"
    assert json.loads(gzip.decompress(first))["resourceType"] == "Bundle"


# Cases


def test_two_cases_of_one_id_are_told(call: Call, tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text(CASE)
    (tmp_path / "2.yaml").write_text(CASE)
    (tmp_path / "3.ndjson").write_text('{"id": "b"}\n{"id": "a"}\n{"id": "c"}\n')
    told = call("to-fhir", "1.yaml", "2.yaml", "3.ndjson", "-o", "out.ndjson").stderr.splitlines()
    rest = "a store takes them for one case, of which the later one is the newer version; give each an id of its own"
    assert told == [
        f"warning: 2.yaml id: 'a' is also the id of the case in 1.yaml: {rest}",
        f"warning: 3.ndjson:2 id: 'a' is also the id of the case in 1.yaml: {rest}",
    ]
    assert len((tmp_path / "out.ndjson").read_bytes().splitlines()) == 5
    assert "3.ndjson:2 id: 'a' is also the id" in call("load", "1.yaml", "3.ndjson").stderr
    assert (
        "out.ndjson:2 id: 'a' is also the id of the case in out.ndjson:1"
        in call("from-fhir", "out.ndjson").stderr
    )


def test_many_cases_of_one_id_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    repeats = Repeats()
    for line in range(1, 102):
        repeats.see(Piece("all.ndjson", line=line, alone=False), "same")
    repeats.finish()
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 21
    assert told[-1] == "80 more cases have the id of another"


def test_what_is_said_of_a_case_is_said_at_its_line_in_a_file_of_several(call: Call, tmp_path: Path) -> None:
    twice = "timepoints: [{key: t}]\nassessments:\n"
    twice += "".join(f"- {{key: {key}, at: t, instrument: VETF, total: 1}}\n" for key in "ab")
    (tmp_path / "many.yaml").write_text(f"---\nid: one\n---\nid: two\n{twice}---\n{{broken")
    told = call("to-fhir", "many.yaml", status=1).stderr
    assert told.startswith("warning: many.yaml:8:3 assessments[1]:")
    assert "error: many.yaml:1" in told


def test_a_reading_is_accepted_in_the_cases_it_is_about(call: Call, tmp_path: Path) -> None:
    call("examples", "-o", "cases")
    call("to-fhir", "cases", "-o", "as-written.ndjson")
    call("to-fhir", "cases", "-o", "accepted.ndjson", "--accept", "assessments.vetf-t0.total=7.6")
    before = (tmp_path / "as-written.ndjson").read_bytes().splitlines()
    after = (tmp_path / "accepted.ndjson").read_bytes().splitlines()
    changed = [json.loads(line) for line, former in zip(after, before, strict=True) if line != former]
    assert changed == [fv.to_fhir(fv.example("case-report"), accept={"assessments.vetf-t0.total": "7.6"})]
    told = call("to-fhir", "cases", "--accept", "assessments.nix.total=1", status=1).stderr
    assert "error: assessments.nix.total: no case has this value to accept" in told


def test_a_patient_without_vitiligo_is_named(call: Call, tmp_path: Path) -> None:
    patients = [{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one}]} for one in (
        {"resourceType": "Patient", "id": "p1", "gender": "male"}, {"resourceType": "Patient", "id": "p2"})]  # fmt: skip
    lines = [json.dumps(patient) for patient in (*patients, fv.to_fhir(fv.example()))]
    (tmp_path / "x.ndjson").write_bytes(b"\n".join(lines))
    assert (
        call("from-fhir", "x.ndjson").stderr
        == "nothing about vitiligo was recognised in 2 of 3 cases: p1, p2\n"
    )


# FHIR as XML, and what is none


def test_fhir_in_xml_is_read_and_loaded_like_json(call: Call, tmp_path: Path) -> None:
    for release in Release:
        bundle = fv.to_fhir(fv.example("nsv-nbuvb"), release)
        (tmp_path / "x.xml").write_bytes(to_xml(bundle, release))
        (tmp_path / "x.json").write_bytes(json.dumps(bundle))
        told = [call("from-fhir", f"x.{suffix}", "--release", release.value) for suffix in ("xml", "json")]
        assert told[0].stdout_bytes == told[1].stdout_bytes
        assert told[0].stderr == told[1].stderr == ""
    (tmp_path / "patient.xml").write_bytes(to_xml({"resourceType": "Patient", "id": "p"}, Release.R4))
    assert (
        call("load", "patient.xml").stderr == "vitiligo.sqlite: 1 document, resources: 1 created, 0 updated\n"
    )


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("x.yaml", "id: a\n", "x.yaml: this is YAML, and FHIR is JSON or XML: to-fhir makes it of a case"),
        (
            "x.json",
            "Not Found",
            "x.json:1:1: this is neither FHIR JSON nor FHIR XML, which begin with { or <.",
        ),
        ("x.json", '{"resourceType": "Patient",}', "a comma stands before the closing }: leave it out."),
        ("x.json", '{\n "id": "a", "id": "b"}', "x.json:2:13: `id` stands twice in this object"),
        (
            "x.xml",
            '<Patient xmlns="http://hl7.org/fhir"><nix/></Patient>',
            "`nix` is not an element of Patient.",
        ),
        ("x.xml", "<Patient", "x.xml:1:1: not well-formed XML: unclosed token"),
    ],
)
def test_what_is_no_fhir_is_told_with_its_place(
    call: Call, tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    (tmp_path / name).write_text(text)
    result = call("from-fhir", name, status=1)
    assert sentence in result.stderr
    assert result.stdout == ""


# Faults of the program


def test_what_could_not_be_checked_is_never_good(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ImportError("no such thing")

    monkeypatch.setattr("fhir_vitiligo.cli.validate_job._validator", fail)
    outcome = Validate()(Piece("p.json", b'{"resourceType": "Patient"}'))
    (verdict,) = outcome.outputs
    assert not verdict.good
    assert outcome.failed == 1
    (told,) = verdict.told
    assert told.issue.source == "p.json"
    assert told.issue.text.startswith(
        "a fault of this program, please report it: ImportError: no such thing ("
    )


def test_a_fault_while_checking_ends_with_one_and_an_outcome(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"resourceType": "Patient"}')
    script = (
        "import sys; sys.modules['fhir_vitiligo.validation.validator'] = None\n"
        "from fhir_vitiligo.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "validate", str(tmp_path / "p.json"), "--format", "outcome"],
        capture_output=True,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["issue"][0]["severity"] == "error"
    assert done.stderr == b"1 checked against R4: 1 with errors\n"


# Where output goes


@pytest.mark.parametrize(
    "arguments",
    [["schema"], ["examples"], ["to-fhir", "a.yaml"], ["table", "a.yaml"], ["validate", "p.json"]],
)
def test_a_closed_output_is_no_fault(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "a.yaml").write_text(CASE)
    (tmp_path / "p.json").write_text('{"resourceType": "Patient"}')
    words = " ".join(f"'{word}'" for word in [*PROGRAM, *arguments])
    done = subprocess.run(["/bin/sh", "-c", f"{words} >&-"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_a_closed_input_is_an_empty_one(tmp_path: Path) -> None:
    words = " ".join(f"'{word}'" for word in [*PROGRAM, "to-fhir", "-"])
    done = subprocess.run(["/bin/sh", "-c", f"{words} <&-"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 1
    assert done.stderr == b"error: <stdin>: the file is empty: a case has at least an id\n"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
def test_a_terminal_that_knows_fewer_characters_shows_the_rest(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.yaml").write_text("id: a\nsource: {title: Vitiligo 白斑}\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    shown = subprocess.run(
        [*PROGRAM, "table", "a.yaml"], cwd=tmp_path, capture_output=True, env=environment, check=True
    )
    assert b"Title  Vitiligo " in shown.stdout
    data = subprocess.run(
        [*PROGRAM, "to-fhir", "a.yaml"], cwd=tmp_path, capture_output=True, env=environment, check=True
    )
    assert "Vitiligo 白斑" in data.stdout.decode(), "what is for programs is UTF-8 anywhere"
    example = subprocess.run(
        [*PROGRAM, "examples", "case-report"], capture_output=True, env=environment, check=True
    )
    assert fv.read_case(example.stdout) == fv.example("case-report")
