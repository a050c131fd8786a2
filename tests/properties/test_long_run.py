"""The long run itself: it checks what it says, tells a broken law with the seed that repeats it, and adds up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.case.io import dump_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.mapping.back import from_fhir
from fhir_vitiligo.mapping.mapper import Mapper
from tests.properties import laws, long_run
from tests.properties.draws import Seeded
from tests.properties.strategies import case


def test_the_laws_hold_for_a_first_few_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.jsonl"
    assert long_run.main(["--cases", "40", "--processes", "1", "--log", str(log)]) == 0
    assert long_run.main(["--report", "--log", str(log)]) == 0
    assert "40 cases over 3 releases, 0 broken" in capsys.readouterr().out


def test_each_release_has_its_turn_and_every_hundredth_case_is_checked_in_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[Case, Any]] = []
    monkeypatch.setattr(laws, "both", lambda case, release, kind: seen.append((case, release)))
    for seed in (1, 2, 3):
        assert long_run.check(seed) is None
    assert {release for _, release in seen} == set(laws.RELEASES)
    assert len({repr(case) for case, _ in seen}) == 3
    seen.clear()
    assert long_run.check(100) is None
    assert [release for _, release in seen] == list(laws.RELEASES)
    assert len({repr(case) for case, _ in seen}) == 1


def test_the_program_is_all_that_a_check_runs_through() -> None:
    names = {path.name for path in long_run.program_files()}
    assert {"back.py", "writer.py", "laws.py", "draws.py", "long_run.py", "codes.csv", "model.py"} <= names


def test_a_change_is_another_program(tmp_path: Path) -> None:
    here, copy = tmp_path / "here", tmp_path / "copy"
    for folder in (here, copy):
        folder.mkdir()
        for name in ("a.py", "b.py"):
            (folder / name).write_text(name)
    of_this = long_run._hashed(here.iterdir())
    assert long_run._hashed(copy.iterdir()) == of_this
    (copy / "a.py").write_text("a.py changed")
    assert long_run._hashed(copy.iterdir()) != of_this
    (copy / "a.py").write_text("a.py")
    (copy / "b.py").rename(copy / "c.py")
    assert long_run._hashed(copy.iterdir()) != of_this


def lossy(document: Any, release: Any) -> Any:
    case, residue = from_fhir(document, release)
    return case.model_copy(update={"synthetic": not case.synthetic}), residue


class Forgetful(Mapper):
    """Writes a case in another way the second time."""

    def to_fhir(self, *arguments: Any, **named: Any) -> Any:
        bundle = super().to_fhir(*arguments, **named)
        self.__dict__.setdefault("written", []).append(bundle)
        return bundle if len(self.__dict__["written"]) == 1 else {**bundle, "id": "again"}


@pytest.mark.parametrize(("name", "broken"), [("from_fhir", lossy), ("Mapper", Forgetful)])
def test_a_broken_law_is_told_with_its_seed_and_case(
    name: str, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laws, name, broken)
    told = long_run.check(3)
    assert told is not None
    assert told.startswith("--case 3: r4, ")
    assert "AssertionError" in told
    assert dump_case(case(Seeded(3))) in told


def test_a_run_goes_on_where_another_ended(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rows = [
        long_run.Batch(0, 1000, (), 1.0, long_run.fingerprint()),
        long_run.Batch(1, 1000, (1007,), 1.5, long_run.fingerprint()),
        long_run.Batch(1, 1000, (1007,), 1.5, long_run.fingerprint()),
        long_run.Batch(2, 1000, (), 1.0, "another program"),
    ]
    log.write_text("".join(json.dumps(long_run.asdict(row)) + "\n" for row in rows))
    assert list(long_run._work(2500, {row.batch for row in long_run.logged(log)}, 0)) == [
        (2, 1000),
        (3, 1000),
        (4, 500),
    ]
    assert long_run.report(log) == "2000 cases over 3 releases, 1 broken, 0.0 h of CPU: --case 1007"
