"""``to-fhir`` and ``from-fhir`` on one case, on many, on broken ones, from everywhere a file can come
from.
"""

from __future__ import annotations

import bz2
import gzip
import io
from pathlib import Path
from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.fhir import json
from fhir_vitiligo.packaged import example_names, example_text
from tests.cli.conftest import Call

SMALL = [f"id: c{i}\nsubject: {{age: {i + 1} a}}\n" for i in range(12)]
BAD = "id: bad\nsubject:\n  sex: m\n"


def bundles(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.splitlines()]


def ids(data: bytes) -> list[str]:
    return [case.id for bundle in bundles(data) for case, _ in fv.cases_from_fhir(bundle)]


def case_line(text: str) -> bytes:
    return json.dumps(fv.case_data(fv.read_case(text.encode()))) + b"\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# One case


@pytest.mark.parametrize("release", ["r4", "r4b", "r5"])
def test_one_case_is_one_bundle_for_people_and_comes_back(call: Call, tmp_path: Path, release: str) -> None:
    write(tmp_path, "case.yaml", example_text("case-report"))
    call("to-fhir", "case.yaml", "--release", release, "-o", "out.json")
    text = (tmp_path / "out.json").read_bytes()
    assert text.startswith(b'{\n  "resourceType": "Bundle"')
    assert json.loads(text) == fv.to_fhir(fv.example(), release)
    result = call("from-fhir", "out.json", "-o", "back.yaml", "--residue", "residue.json")
    assert fv.read_case(tmp_path / "back.yaml") == fv.example()
    assert json.loads((tmp_path / "residue.json").read_bytes()) == []
    assert result.stderr == ""


def test_the_bundle_on_stdout_is_the_one_of_the_file(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "case.yaml", SMALL[0])
    call("to-fhir", "case.yaml", "-o", "out.json")
    assert call("to-fhir", "case.yaml").stdout_bytes == (tmp_path / "out.json").read_bytes()
    assert call("to-fhir", "case.yaml", "--no-indent").stdout_bytes.count(b"\n") == 1


@pytest.mark.parametrize("kind", ["transaction", "collection", "document"])
def test_the_type_of_the_bundle_is_chosen(call: Call, kind: str) -> None:
    found = json.loads(call("to-fhir", "-", "--type", kind, stdin=SMALL[0].encode()).stdout_bytes)
    assert found["type"] == kind


def test_recorded_is_as_given_or_now_or_unknown(call: Call) -> None:
    def recorded(*options: str) -> Any:
        found = json.loads(call("to-fhir", "-", *options, stdin=SMALL[0].encode()).stdout_bytes)
        return next(e["resource"] for e in found["entry"] if e["resource"]["resourceType"] == "Provenance")

    assert recorded("--recorded", "2024-03-05T10:30:00+07:00")["recorded"] == "2024-03-05T10:30:00+07:00"
    assert recorded("--recorded", "now")["recorded"].startswith("20")
    assert "recorded" not in recorded()
    assert "'yesterday' is no instant" in call("to-fhir", "-", "--recorded", "yesterday", status=2).stderr


def test_an_ambiguous_score_is_a_number_only_when_the_caller_accepts_it(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "case.yaml", example_text("case-report"))
    accept = "assessments.vetf-t0.total=7.6"
    assert b'"value": 7.6' not in call("to-fhir", "case.yaml").stdout_bytes
    assert b'"value": 7.6' in call("to-fhir", "case.yaml", "--accept", accept).stdout_bytes
    refused = call("to-fhir", "case.yaml", "--accept", "assessments.vetf-t0.total=8", status=1)
    assert "8 is no candidate of assessments.vetf-t0.total: there are 7.6" in refused.stderr
    assert "'nix' is not PATH=VALUE" in call("to-fhir", "case.yaml", "--accept", "nix", status=2).stderr


def test_what_deserves_a_look_is_a_warning_and_no_failure(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "case.yaml", example_text("mixed-thyroid"))
    result = call("to-fhir", "case.yaml")
    assert "warning: case.yaml:133:12 assessments[2].total: the stated total 2.4" in result.stderr
    assert "both are kept" in result.stderr


# Faults


def test_a_bad_case_is_told_with_file_line_and_path_and_leaves_no_file(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "bad.yaml", BAD)
    result = call("to-fhir", "bad.yaml", "-o", "out.json", status=1)
    assert result.stderr == (
        "error: bad.yaml:3:8 subject.sex: 'm' is not allowed here: "
        "write 'male', 'female', 'other' or 'unknown'\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml"]


def test_a_failure_leaves_the_file_that_was_there(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "bad.yaml", BAD)
    write(tmp_path, "out.json", "precious")
    call("to-fhir", "bad.yaml", "-o", "out.json", status=1)
    assert (tmp_path / "out.json").read_text() == "precious"


def test_one_bad_case_of_a_thousand_is_told_and_the_others_go_through(call: Call, tmp_path: Path) -> None:
    lines = [case_line(f"id: c{i}") for i in range(1000)]
    lines[456] = b'{"id": "bad", "subject": {"sex": "m"}}\n'
    write(tmp_path, "registry.ndjson", b"".join(lines))
    result = call("to-fhir", "registry.ndjson", "-o", "out.ndjson", "--jobs", 2, status=1)
    assert ids((tmp_path / "out.ndjson").read_bytes()) == [f"c{i}" for i in range(1000) if i != 456]
    error, summary = result.stderr.splitlines()
    assert error.startswith("error: registry.ndjson:457:34 subject.sex: 'm' is not allowed here")
    assert summary == "1 of 1000 cases failed, 999 went through"


def test_many_processes_give_what_one_gives(call: Call, tmp_path: Path) -> None:
    for i in range(150):
        write(tmp_path, f"cases/{i:03}.yaml", SMALL[i % 12].replace(f"id: c{i % 12}\n", f"id: c{i}\n"))
    alone = call("to-fhir", "cases", "--jobs", 1).stdout_bytes
    assert call("to-fhir", "cases", "--jobs", 3).stdout_bytes == alone
    assert ids(alone) == [f"c{i}" for i in range(150)]


def test_broken_lines_and_unreadable_files_stop_nothing_else(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "a.ndjson", case_line(SMALL[0]) + b"{broken\n\xff\n" + case_line(SMALL[1]))
    write(tmp_path, "b.yaml", b"")
    write(tmp_path, "c.yaml.gz", gzip.compress(SMALL[2].encode())[:-12])
    write(tmp_path, "d.yaml", SMALL[3])
    result = call("to-fhir", ".", status=1)
    assert ids(result.stdout_bytes) == ["c0", "c1", "c3"]
    told = result.stderr.splitlines()
    places = [line.split()[1].split(":") for line in told[:-1]]
    assert [place[0] for place in places] == ["a.ndjson", "a.ndjson", "b.yaml", "c.yaml.gz"]
    assert [place[1] for place in places[:2]] == ["2", "3"]
    assert "the compressed file is broken" in told[3]
    assert told[4] == "4 of 7 cases failed, 3 went through"


def test_a_document_that_is_bad_stops_none_of_its_file(call: Call) -> None:
    result = call("to-fhir", "-", stdin="---\n".join([SMALL[0], BAD, SMALL[1]]).encode(), status=1)
    assert ids(result.stdout_bytes) == ["c0", "c1"]
    assert "error: <stdin>:6:8 subject.sex" in result.stderr


# Where input comes from


def sources(folder: Path) -> dict[str, list[object]]:
    """The same twelve cases in every form."""
    for i, text in enumerate(SMALL):
        write(folder, f"dir/{i:02}.yaml", text)
        write(folder, f"mixed/{i:02}{('.yml', '.json', '.yaml.gz')[i % 3]}", _form(text, i % 3))
    lines = b"".join(map(case_line, SMALL))
    write(folder, "cases.ndjson", lines)
    write(folder, "cases.jsonl.gz", gzip.compress(lines))
    write(folder, "cases.ndjson.bz2", bz2.compress(lines))
    write(folder, "lines.json", lines)
    write(folder, "blank.ndjson", b"\n" + lines.replace(b"\n", b"\r\n\r\n"))
    write(folder, "many.yaml", "---\n".join(SMALL))
    return {
        "files": [folder / "dir" / f"{i:02}.yaml" for i in range(12)],
        "directory": ["dir"],
        "mixed directory": ["mixed"],
        "glob": ["dir/*.yaml"],
        "deep glob": ["**/0*.yaml", "dir/1*.yaml"],
        "NDJSON": ["cases.ndjson"],
        "NDJSON, gzip": ["cases.jsonl.gz"],
        "NDJSON, bzip2": ["cases.ndjson.bz2"],
        "NDJSON by another name": ["lines.json"],
        "NDJSON with blank lines": ["blank.ndjson"],
        "documents": ["many.yaml"],
    }


def _form(text: str, form: int) -> bytes:
    return (text.encode(), case_line(text), gzip.compress(text.encode()))[form]


@pytest.mark.parametrize(
    "kind",
    [
        "files",
        "directory",
        "mixed directory",
        "glob",
        "deep glob",
        "NDJSON",
        "NDJSON, gzip",
        "NDJSON, bzip2",
        "NDJSON by another name",
        "NDJSON with blank lines",
        "documents",
    ],
)
def test_every_kind_of_input_gives_a_bundle_a_line_in_order(call: Call, tmp_path: Path, kind: str) -> None:
    arguments = sources(tmp_path)[kind]
    result = call("to-fhir", *arguments)
    assert ids(result.stdout_bytes) == [f"c{i}" for i in range(12)]
    assert result.stdout_bytes.count(b"\n") == 12


@pytest.mark.parametrize("form", ["lines", "documents"])
def test_stdin_is_a_file_like_any_other(call: Call, form: str) -> None:
    data = b"".join(map(case_line, SMALL)) if form == "lines" else "---\n".join(SMALL).encode()
    assert ids(call("to-fhir", "-", stdin=data).stdout_bytes) == [f"c{i}" for i in range(12)]


def test_a_single_line_is_ndjson_too_when_its_name_says_so(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "one.ndjson", case_line(SMALL[0]))
    write(tmp_path, "one.json", case_line(SMALL[0]))
    assert call("to-fhir", "one.ndjson").stdout_bytes.count(b"\n") == 1
    assert call("to-fhir", "one.json").stdout_bytes.count(b"\n") > 100


def test_output_is_compressed_where_its_name_says_so(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "many.yaml", "---\n".join(SMALL))
    call("to-fhir", "many.yaml", "-o", "out.ndjson.gz")
    plain = call("to-fhir", "many.yaml").stdout_bytes
    assert gzip.decompress((tmp_path / "out.ndjson.gz").read_bytes()) == plain
    call("from-fhir", "out.ndjson.gz", "-o", "back.yaml")
    assert len(list(fv.read_cases(tmp_path / "back.yaml"))) == 12


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nix.yaml"], "there is no file nix.yaml"),
        (["dir/*.nix"], "no file matches dir/*.nix"),
        (["empty"], "no file *.yaml, *.yml, *.json, *.ndjson, *.jsonl in the directory empty"),
        (["c.yaml", "--release", "r3"], "unknown FHIR release 'r3': use r4, r4b or r5"),
        (["c.yaml", "--type", "batch"], "'batch' is not one of 'transaction', 'collection', 'document'"),
        (["c.yaml", "-o", "no/such/dir/x.json"], "there is no directory no/such/dir to write x.json to"),
        (["c.yaml", "--nix"], "No such option"),
        ([], "Missing argument 'FILE...'"),
    ],
)
def test_a_wrong_call_ends_before_anything_is_done(
    call: Call, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    write(tmp_path, "c.yaml", SMALL[0])
    (tmp_path / "empty").mkdir()
    result = call("to-fhir", *arguments, status=2)
    assert sentence in result.stderr
    assert result.stdout_bytes == b""


# Back


def test_many_bundles_are_many_cases_in_yaml_or_json(call: Call, tmp_path: Path) -> None:
    for name in example_names():
        write(tmp_path, f"cases/{name}.yaml", example_text(name))
    call("to-fhir", "cases", "-o", "all.ndjson")
    want = [fv.example(name) for name in sorted(example_names())]
    call("from-fhir", "all.ndjson", "-o", "back.yaml")
    assert list(fv.read_cases(tmp_path / "back.yaml")) == want
    call("from-fhir", "all.ndjson", "-o", "back.ndjson")
    assert [fv.read_case(line) for line in (tmp_path / "back.ndjson").read_bytes().splitlines()] == want
    assert call("from-fhir", "all.ndjson").stdout_bytes == (tmp_path / "back.yaml").read_bytes()


def test_one_case_as_json_is_for_people(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "b.json", json.dumps(fv.to_fhir(fv.example())))
    call("from-fhir", "b.json", "-o", "case.json")
    assert (tmp_path / "case.json").read_bytes().startswith(b'{\n  "id"')
    assert fv.read_case(tmp_path / "case.json") == fv.example()


PATIENT = {"resourceType": "Patient", "id": "p", "gender": "male", "telecom": [{"value": "1"}]}
CONDITION = {
    "resourceType": "Condition",
    "id": "c",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "L80"}]},
}


def test_resources_outside_a_bundle_are_read_together(call: Call, tmp_path: Path) -> None:
    """A bulk export has a file for each type; a patient's resources are spread over them."""
    write(tmp_path, "export/Condition.ndjson", json.dumps(CONDITION) + b"\n")
    write(
        tmp_path,
        "export/Patient.ndjson",
        json.dumps(PATIENT) + b"\n" + json.dumps({**PATIENT, "id": "q"}) + b"\n",
    )
    result = call("from-fhir", "export", "--residue", "rest.ndjson")
    cases = list(fv.read_cases(result.stdout_bytes))
    assert {case.id: len(case.diagnoses) for case in cases if isinstance(case, fv.Case)} == {"p": 1, "q": 0}
    rest = {one["case"]: one["residue"] for one in bundles((tmp_path / "rest.ndjson").read_bytes())}
    assert {"resource": "Patient/p", "expression": "Patient.telecom[0].value", "value": "1"} in rest["p"]


def test_what_no_case_carries_is_counted_or_listed(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "p.json", json.dumps(PATIENT))
    told = call("from-fhir", "p.json")
    person = "nothing about vitiligo was recognised in the case: p\n"
    assert told.stderr == person + "1 value of the input stands in no case: see --residue FILE\n"
    listed = call("from-fhir", "p.json", "--residue", "rest.json")
    assert listed.stderr == person
    assert json.loads((tmp_path / "rest.json").read_bytes()) == [
        {"resource": "Patient/p", "expression": "Patient.telecom[0].value", "value": "1"}
    ]


def test_bundles_and_resources_and_rubbish_side_by_side(call: Call, tmp_path: Path) -> None:
    bundle = json.dumps(fv.to_fhir(fv.example()))
    write(
        tmp_path, "x.ndjson", json.dumps(PATIENT) + b"\n" + b'{"a": 1}\n' + bundle + b"\n[1]\n" + b'"text"\n'
    )
    result = call("from-fhir", "x.ndjson", status=1)
    assert [getattr(case, "id", None) for case in fv.read_cases(result.stdout_bytes)] == [
        fv.example().id,
        "p",
    ]
    places = [line.split()[1] for line in result.stderr.splitlines() if line.startswith("error")]
    assert [place.rstrip(":") for place in places] == ["x.ndjson:2", "x.ndjson:4", "x.ndjson:5"]


def test_nothing_to_make_a_case_of_is_told(call: Call, tmp_path: Path) -> None:
    write(tmp_path, "e.json", b'{"resourceType": "Bundle", "type": "searchset", "total": 0}')
    assert "there is no resource here to make a case of" in call("from-fhir", "e.json", status=1).stderr


def test_reading_stdin_in_one_gulp_or_many_is_the_same() -> None:
    from fhir_vitiligo.cli import inputs

    text = b"".join(map(case_line, SMALL))
    stream = io.BufferedReader(io.BytesIO(gzip.compress(text)))  # type: ignore[arg-type]
    unpacked = inputs._decompressed(stream)
    found = [piece.content for piece in inputs._portions(inputs.Source("<stdin>", None, 0), unpacked, None)]
    assert found == text.splitlines()
