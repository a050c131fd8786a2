"""Every expectation that belongs to the server has a test here."""

from __future__ import annotations

import re
from pathlib import Path

WANTED = {*range(1, 29), 35}


def test_each_expectation_has_a_test() -> None:
    named: set[int] = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for name in re.findall(r"def test_((?:\d+_)(?:and_\d+_)?)", path.read_text()):
            named |= {int(number) for number in re.findall(r"\d+", name)}
    assert named == WANTED
