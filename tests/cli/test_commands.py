"""The other commands, and how the program ends: quietly, quickly, with the right status."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.cli import main
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.packaged import example_names, example_text
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.storage.sqlite import SqliteRepository
from tests.cli.conftest import Call, hears_ctrl_c

PROGRAM = [sys.executable, "-c", "from fhir_vitiligo.cli import main; main()"]


# examples, schema, table


def test_examples_are_listed_printed_and_written(call: Call, tmp_path: Path) -> None:
    listed = call("examples").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(example_names())
    assert call("examples", "case-report").stdout == example_text("case-report")
    call("examples", "-o", "cases")
    assert {path.stem: path.read_text() for path in (tmp_path / "cases").iterdir()} == {
        name: example_text(name) for name in example_names()
    }
    assert "did you mean 'case-report'?" in call("examples", "case-reprot", status=2).stderr


def test_writing_examples_again_keeps_what_was_changed(call: Call, tmp_path: Path) -> None:
    call("examples", "relapse", "-o", "cases")
    call("examples", "relapse", "-o", "cases")
    path = tmp_path / "cases" / "relapse.yaml"
    path.write_text("id: mine\n")
    assert (
        "cases/relapse.yaml is there with other content and was kept"
        in call("examples", "-o", "cases", status=1).stderr
    )
    assert path.read_text() == "id: mine\n"


def test_the_schema_is_one_that_editors_take(call: Call, tmp_path: Path) -> None:
    printed = json.loads(call("schema").stdout_bytes)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert printed == fv.case_schema()
    call("schema", "-o", "case.schema.json")
    assert json.loads((tmp_path / "case.schema.json").read_bytes()) == printed


def test_a_case_is_shown_as_a_table(call: Call) -> None:
    text = call("table", "-", stdin=example_text("case-report").encode()).stdout
    assert "\nLesion face\n" in text
    assert "milky white" in text


# load


def version(db: Path, kind: str, identity: str) -> int:
    """The version of a resource in the store, 0 where there is none."""
    with SqliteRepository(db, parameters_of(Release.R4)) as repository:
        stored = repository.run(lambda session: session.read(kind, identity))
    return stored.version if stored is not None else 0


def test_cases_and_bundles_are_loaded_and_a_second_time_updated(call: Call, tmp_path: Path) -> None:
    case = fv.example("case-report")
    resources = len(fv.to_fhir(case)["entry"])
    (tmp_path / "case.yaml").write_text(example_text("case-report"))
    (tmp_path / "bundle.json").write_bytes(json.dumps(fv.to_fhir(case)))
    told = call("load", "case.yaml", "--db", "x.sqlite").stderr
    assert told == f"x.sqlite: 1 document, resources: {resources} created, 0 updated\n"
    patient = fv.to_fhir(case)["entry"][0]["resource"]
    assert version(tmp_path / "x.sqlite", "Patient", patient["id"]) == 1
    told = call("load", "bundle.json", "case.yaml", "--db", "x.sqlite").stderr
    assert told.endswith(f"\nx.sqlite: 2 documents, resources: 0 created, {2 * resources} updated\n")
    assert told.startswith(
        "warning: case.yaml id: 'chandra-2024' is also the id of the case in bundle.json: a store takes"
    )
    assert version(tmp_path / "x.sqlite", "Patient", patient["id"]) == 3


def test_what_cannot_be_loaded_is_told_and_the_rest_is_loaded(call: Call, tmp_path: Path) -> None:
    lines = [
        b'{"id": "a"}',
        b'{"id": "b", "subject": {"sex": "m"}}',
        b'{"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"resourceType": "Patient"}}]}',
        b'{"resourceType": "Patient", "id": "p"}',
    ]
    (tmp_path / "x.ndjson").write_bytes(b"\n".join(lines))
    result = call("load", "x.ndjson", "--db", "x.sqlite", status=1)
    assert "error: x.ndjson:2:" in result.stderr
    assert "error: x.ndjson:3 " in result.stderr
    assert "x.sqlite: 2 documents" in result.stderr
    assert version(tmp_path / "x.sqlite", "Patient", "p") == 1
    assert "not in x.sqlite, because it failed: 2 of the input" in result.stderr


# The program


def test_help_is_there_at_once_and_loads_nothing_heavy() -> None:
    best = min(_seconds([*PROGRAM[:-1], PROGRAM[-1].replace("main()", "main(['--help'])")]) for _ in range(3))
    bare = min(_seconds([sys.executable, "-c", "import click"]) for _ in range(3))
    assert best - bare < 0.2
    script = "import sys, fhir_vitiligo.cli; print(*({names} & set(sys.modules)))"
    names = {"pydantic", "msgspec", "yaml", "fastapi", "fhir", "fhir_vitiligo.case.model", "sqlite3"}
    done = subprocess.run(
        [sys.executable, "-c", script.format(names=names)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - started


def test_the_version_is_that_of_the_package(call: Call) -> None:
    assert call("--version").stdout == f"fhir-vitiligo, version {fv.__version__}\n"


def test_every_command_explains_itself(call: Call) -> None:
    for name in main.commands:
        assert call(name, "--help").stdout.startswith(f"Usage: main {name}")


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.ndjson"
    data = fv.case_data(fv.example("nsv-nbuvb"))
    path.write_bytes(b"".join(json.dumps({**data, "id": f"c{i}"}) + b"\n" for i in range(600)))
    return path


def test_a_reader_that_has_seen_enough_ends_the_program_quietly(registry: Path) -> None:
    program = f"{sys.executable} -c 'from fhir_vitiligo.cli import main; main()'"
    command = f"{program} to-fhir {registry} -j 2 | head -c 100"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, timeout=60, check=True)
    assert len(done.stdout) == 100
    assert done.stderr == b""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_ends_quietly_and_leaves_no_half_file(registry: Path, jobs: str) -> None:
    output = registry.parent / "out.ndjson"
    process = subprocess.Popen(
        [*PROGRAM, "to-fhir", str(registry), "-o", str(output), "-j", jobs],
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hears_ctrl_c,
    )
    deadline = time.monotonic() + 30
    while not list(registry.parent.glob(".out.ndjson.*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the group
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == b""
    assert [path.name for path in registry.parent.iterdir()] == ["registry.ndjson"]


def _at_a_terminal(*arguments: str, patience: float) -> str:
    """What the program writes to a terminal when work is long after so many seconds."""
    script = f"from fhir_vitiligo.cli import main, progress; progress._PATIENCE = {patience}; main()"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait() == 0
    return written.decode()


def test_a_bar_shows_long_work_at_a_terminal_and_only_there(registry: Path) -> None:
    shown = _at_a_terminal("to-fhir", str(registry), "-o", str(registry) + ".out", patience=0.1)
    assert "100%" in shown
    quiet = subprocess.run(
        [*PROGRAM, "to-fhir", str(registry), "-o", str(registry) + ".out"], capture_output=True, check=True
    )
    assert quiet.stderr == b""


def test_short_work_has_no_bar(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("id: x\n")
    assert _at_a_terminal("to-fhir", str(tmp_path / "case.yaml"), patience=5) == ""
