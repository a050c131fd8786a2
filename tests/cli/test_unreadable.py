"""What cannot be read or written is told by its name: nothing is passed over, and no disk that is full ends in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fhir_vitiligo.cli.inputs import RESOURCES, find, pieces
from fhir_vitiligo.errors import InputError
from fhir_vitiligo.packaged import example_text
from tests.cli.conftest import Call

PATIENT = '{"resourceType": "Patient", "active": true}'
FULL = Path("/dev/full")


@contextmanager
def _nobody() -> Iterator[None]:
    """As a user who may not read everything: tests may run as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_of_a_directory_what_cannot_be_read_is_told(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "p.json").write_text(PATIENT)
    (folder / "b.json").symlink_to("archive/b.json")
    (folder / "notes.txt").symlink_to("nowhere")
    told = call("validate", "records", "--level", "error", status=1)
    assert told.stdout == (
        "records/b.json: error: a link to archive/b.json, which is not there [unreadable]\n"
    )
    assert "2 checked against R4: 1 with errors" in told.stderr


def test_a_folder_that_may_not_be_read_is_told() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "p.json").write_text(PATIENT)
        (folder / "closed").mkdir()
        (folder / "closed" / "q.json").write_text(PATIENT)
        (folder / "closed").chmod(0)
        with _nobody():
            first, second = pieces(find([made], RESOURCES))
            (alone,) = pieces(find([f"{made}/closed"], RESOURCES))
            (named,) = pieces(find([f"{made}/closed/q.json"], RESOURCES))
        (folder / "closed").chmod(0o755)
        assert second.text() == PATIENT.encode()
        assert [one.name for one in (first, alone, named)] == [
            *[f"{made}/closed"] * 2,
            f"{made}/closed/q.json",
        ]
        for one in (first, alone, named):
            with pytest.raises(InputError, match="cannot be read: Permission denied"):
                one.text()


def test_a_link_to_a_folder_is_followed_and_a_circle_is_gone_through_once(call: Call, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "p.json").write_text(PATIENT)
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "linked").symlink_to("../elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to("../records")
    assert "1 checked" in call("validate", "records").stderr


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command",
    [
        ["examples"],
        ["--help"],
        ["schema"],
        ["validate", "p.json"],
        ["validate", "p.json", "--format", "sarif"],
        ["to-fhir", "case.yaml"],
        ["explain", "case.yaml"],
    ],
    ids=" ".join,
)
def test_a_full_disk_behind_stdout_is_a_sentence(tmp_path: Path, command: list[str], unbuffered: str) -> None:
    (tmp_path / "p.json").write_text(PATIENT)
    (tmp_path / "case.yaml").write_text(example_text("case-report"))
    with FULL.open("wb") as full:
        told = subprocess.run(
            [sys.executable, "-m", "fhir_vitiligo", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert told.returncode == 1
    assert (
        told.stderr.decode().splitlines()[-1] == "error: <stdout>: cannot be written: No space left on device"
    )
    assert "Traceback" not in told.stderr.decode()


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_a_full_disk_behind_an_output_is_a_sentence(call: Call, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(example_text("case-report"))
    told = call("to-fhir", "case.yaml", "-o", FULL, status=1)
    assert told.stderr.endswith("error: /dev/full: cannot be written: No space left on device\n")


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a file's size is set as on Linux")
@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
def test_a_file_that_is_not_written_to_its_end_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "case.yaml").write_text(example_text("case-report"))
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from fhir_vitiligo.cli import main; main()"
    )
    told = subprocess.run(
        [sys.executable, "-c", limited, "to-fhir", "case.yaml", "-o", name],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    assert told.returncode == 1
    assert f"error: {name}: cannot be written: File too large" in told.stderr.decode()
    assert [one.name for one in tmp_path.iterdir()] == ["case.yaml"]
