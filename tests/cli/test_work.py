"""Work over several processes: dealt out by size, in order, in bounded memory, and safe from what one piece does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result

from fhir_vitiligo.cli import processes
from fhir_vitiligo.cli import work as working
from fhir_vitiligo.cli.inputs import RESOURCES, Lines, Piece, Portion, find, pieces, portions
from fhir_vitiligo.cli.outcome import Outcome
from fhir_vitiligo.cli.work import work
from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json

from .conftest import Call, hears_ctrl_c

LARGE = processes._SHARE + 1


def where(piece: Piece) -> Outcome:
    """Which process works on a piece, and on what."""
    time.sleep(0.002)
    return Outcome((os.getpid(), piece.text()))


def deadly(piece: Piece) -> Outcome:
    """One piece ends the process that works on it, as the system does when there is no memory left."""
    if piece.text() == b"kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome((piece.text(),))


class Deadly:
    """As :func:`deadly`, with an output for what failed."""

    def __call__(self, piece: Piece) -> Outcome:
        return deadly(piece)

    def ended(self, piece: Piece, issue: Issue) -> Outcome:
        return Outcome((issue.text,), failed=1)


def numbered(count: int, size: int = 10) -> list[Portion]:
    return [Piece("x", str(number).encode().ljust(size), line=number, alone=False) for number in range(count)]


def files(folder: Path, *sizes: int) -> list[Portion]:
    for number, size in enumerate(sizes):
        (folder / f"{number:03}.json").write_bytes(b'{"a":' + b" " * size + b"1}")
    return list(portions(find([str(folder)], RESOURCES)))


# Who works


def test_a_few_large_files_go_to_every_process(tmp_path: Path) -> None:
    coming = files(tmp_path, *[LARGE] * 8)
    done = list(work(where, coming, 2))
    assert [piece.name for piece, _ in done] == [one.name for one in coming]
    workers = {outcome.outputs[0] for _, outcome in done}
    assert len(workers) == 2
    assert os.getpid() not in workers


def test_the_lines_of_one_file_go_to_every_process_and_none_of_them_over_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson"
    path.write_bytes(b"".join(b'{"a": %d}\n' % number for number in range(60_000)))
    coming = list(portions(find([str(path)], RESOURCES)))
    assert all(isinstance(one, Lines) for one in coming)
    assert len(coming) > 8
    done = list(work(lined, coming, 2))
    assert [outcome.outputs[1] for _, outcome in done] == [b'{"a": %d}' % number for number in range(60_000)]
    assert [piece.line for piece, _ in done] == list(range(1, 60_001))
    assert len({outcome.outputs[0] for _, outcome in done[-40_000:]}) == 2
    assert done[-1][0].content is None


def lined(piece: Piece) -> Outcome:
    time.sleep(0.00001)
    return Outcome((os.getpid(), piece.text()))


def test_soon_done_is_done_right_here(tmp_path: Path) -> None:
    assert {outcome.outputs[0] for _, outcome in work(where, numbered(10), 2)} == {os.getpid()}
    one_large = files(tmp_path, LARGE)
    assert [outcome.outputs[0] for _, outcome in work(where, one_large, 2)] == [os.getpid()]


def test_one_process_is_the_one_that_runs() -> None:
    assert {outcome.outputs[0] for _, outcome in work(where, numbered(100, LARGE), 1)} == {os.getpid()}


def test_many_small_pieces_go_to_every_process_once_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "_PAYS", 0.01)
    done = list(work(where, numbered(400), 2))
    assert [outcome.outputs[1].strip() for _, outcome in done] == [b"%d" % number for number in range(400)]
    assert len({outcome.outputs[0] for _, outcome in done}) == 3


def test_no_more_is_read_than_a_few_shares_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "_PAYS", 0.0)
    monkeypatch.setattr(processes, "_AHEAD", 4 * LARGE)
    taken = 0

    def coming() -> Iterator[Portion]:
        nonlocal taken
        for one in numbered(200, LARGE):
            taken += 1
            yield one

    for done, _ in enumerate(work(where, coming(), 2), start=1):
        assert taken - done <= 12


# What becomes of it


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\n\n \n"])
@pytest.mark.parametrize("last", [b"", b"\n"])
def test_lines_read_together_are_the_lines_of_the_file(tmp_path: Path, ending: bytes, last: bytes) -> None:
    texts = [b'{"a": "%s"}' % (b"x" * (number * 37 % 5000)) for number in range(200)]
    path = tmp_path / "a.json"
    path.write_bytes(ending.join(texts) + last)
    found = list(pieces(find([str(path)], RESOURCES)))
    assert [piece.text() for piece in found] == texts
    assert [piece.line for piece in found] == [1 + number * ending.count(b"\n") for number in range(200)]
    assert not any(piece.alone for piece in found)


def test_a_file_that_went_away_is_told_at_its_line(tmp_path: Path) -> None:
    lines = Lines("a.ndjson", tmp_path / "a.ndjson", 100, 50, 7)
    (piece,) = lines.pieces()
    assert piece.line == 7
    assert piece.fault is not None
    assert piece.fault.startswith("cannot be read: No such file")


def test_what_ends_its_process_is_told_and_harms_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "_PAYS", 0.0)
    coming = numbered(300)
    for number in (70, 71, 250):
        coming[number] = Piece("x", b"kill", line=number, alone=False)
    done = list(work(deadly, coming, 2))
    assert [piece.line for piece, _ in done] == list(range(300))
    failed = [(piece.line, outcome.issues) for piece, outcome in done if outcome.failed]
    assert [line for line, _ in failed] == [70, 71, 250]
    (issue,) = failed[0][1]
    assert str(issue) == "x:70: the process that worked on this ended, perhaps for want of memory"
    assert sum(len(outcome.outputs) for _, outcome in done) == 297


def test_a_job_says_what_is_put_out_for_what_ended_its_process() -> None:
    coming: list[Portion] = [Piece("x", b"kill"), *numbered(20, LARGE)]
    coming[0], coming[5] = coming[5], coming[0]
    done = list(work(Deadly(), coming, 2))
    assert [outcome.outputs[0] for _, outcome in done if outcome.failed] == [
        "the process that worked on this ended, perhaps for want of memory"
    ]


def test_work_that_is_broken_off_leaves_no_process() -> None:
    started = time.monotonic()
    with closing(work(sleepy, numbered(8, LARGE), 2)) as under_way:
        (_, outcome) = next(iter(under_way))
    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        _wait_until_gone(outcome.outputs[0])


def sleepy(piece: Piece) -> Outcome:
    if piece.line:
        time.sleep(60)
    return Outcome((os.getpid(),))


def _wait_until_gone(process: int) -> None:
    for _ in range(100):
        os.kill(process, 0)
        time.sleep(0.05)


# The commands


def bundle(size: int, gender: str = "male") -> bytes:
    patients = [
        {
            "fullUrl": UUID(int=number + 1, version=4).urn,
            "resource": {"resourceType": "Patient", "gender": gender},
        }
        for number in range(size)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": patients})


def test_large_bundles_are_told_in_order_whoever_checks_them(call: Call, tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"b{number}.json").write_bytes(bundle(2500, "m" if number % 2 else "male"))
    alone, both = (told(call, tmp_path, jobs) for jobs in (1, 2))
    assert alone.stdout == both.stdout
    assert both.stderr == "6 checked against R4: 3 with errors\n"
    for form in ("json", "outcome", "sarif", "github"):
        alone, both = (
            call("validate", "b1.json", "b0.json", "b3.json", "-j", jobs, "--format", form, status=1)
            for jobs in (1, 2)
        )
        assert alone.stdout_bytes == both.stdout_bytes


def told(call: Call, folder: Path, jobs: int) -> Result:
    return call("validate", folder, "-j", jobs, status=1)


def test_ctrl_c_does_not_wait_for_what_is_large(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"b{number}.json").write_bytes(bundle(40_000))
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from fhir_vitiligo.cli import main; main()",
            "validate",
            str(tmp_path),
            "-j",
            "2",
        ],
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hears_ctrl_c,
    )
    deadline = time.monotonic() + 30
    while len(_group(process.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(_group(process.pid)) == 3
    os.kill(process.pid, signal.SIGINT)
    started = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")
    assert time.monotonic() - started < 5
    assert _group(process.pid) == []


def _group(leader: int) -> list[int]:
    """The processes of a group."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                group = os.getpgid(int(folder.name))
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except (OSError, ProcessLookupError):
                continue
            if group == leader and state != "Z":
                found.append(int(folder.name))
    return found
