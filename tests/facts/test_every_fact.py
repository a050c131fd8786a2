"""Each fact of the domain notes' table has its test."""

from __future__ import annotations

import ast
import re
from pathlib import Path


def _tested() -> dict[int, str]:
    found: dict[int, str] = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (number := re.match(r"test_fact_(\d+)_", node.name)):
                assert int(number[1]) not in found, (
                    f"fact {number[1]} has two tests: {found[int(number[1])]} and {node.name}"
                )
                found[int(number[1])] = node.name
    return found


def test_the_facts_are_numbered_without_a_gap() -> None:
    assert sorted(_tested()) == list(range(1, 30))


def test_every_fact_of_the_domain_notes_has_a_test(shared_dir: Path) -> None:
    notes = (shared_dir / "domain" / "vitiligo.md").read_text(encoding="utf-8")
    section = notes.partition("\n## 1.")[2].partition("\n## 2.")[0]
    facts = {
        int(number): fact for number, fact in re.findall(r"^\| (\d+) \| ([^|]+) \|", section, re.MULTILINE)
    }
    assert len(facts) == 29
    missing = {number: fact for number, fact in facts.items() if number not in _tested()}
    assert missing == {}, "these facts have no test"
