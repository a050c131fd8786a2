"""The table of rules and the code name the same."""

from __future__ import annotations

import re
from pathlib import Path

from fhir_vitiligo.fhir.source_rules import READER_RULES
from fhir_vitiligo.validation.rule_ids import RULE_IDS

FOLDER = Path(__file__).resolve().parents[2] / "fhir_vitiligo" / "validation"
_GIVEN = re.compile(
    r"""\bFault\(\s*"([a-z][a-z0-9-]*)"|\brule\s*=\s*"([a-z][a-z0-9-]*)"|, "(slice-cardinality|fixed|pattern)\"|\byield\s*\(?\s*"([a-z][a-z0-9-]*)","""
)
# Told with a rule that is put together: xhtml-syntax and its like, and those of a table.
_MADE = frozenset(rule for rule in RULE_IDS if rule.startswith("xhtml-")) | {"cardinality", "unknown"}


def _used() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    return {one for match in _GIVEN.finditer(text) for one in match.groups() if one}


def test_every_rule_in_use_is_in_the_table() -> None:
    # An invariant goes by its own key.
    invariants = {rule for rule in _used() if re.fullmatch(r"[a-z]+-[0-9]+", rule)}
    assert _used() - invariants - RULE_IDS.keys() - READER_RULES.keys() == set()


def test_every_rule_of_the_table_is_in_use() -> None:
    assert RULE_IDS.keys() - _used() - _MADE == set()


def test_every_rule_is_told_in_a_sentence() -> None:
    assert all(text.endswith(".") and text[0].isupper() for text in RULE_IDS.values())
