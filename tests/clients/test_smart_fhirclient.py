"""SMART fhirclient 2.6.3 of npm, run by Node: expectations 26 and 27."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Scenario


@pytest.fixture
def smart(node: Any) -> Scenario:
    return node("smart")


def test_26_plain_json_is_answered(smart: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = smart(base, "accept")
    assert (found["id"], found["plain"]) == ("clinic-1", "clinic-1")
    assert "json" in found["type"]


def test_26_its_patch_with_a_misspelt_preference_is_done(smart: Scenario, base: str) -> None:
    found = smart(base, "patch")
    assert (found["found"]["gender"], found["found"]["active"]) == ("female", True)
    assert found["version"] == "3"
    assert found["gone"]["status"] == 410


def test_27_pages_are_joined_flat(smart: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = smart(base, "pages")
    assert sorted(found["all"]) == [f"clinic-{number}" for number in range(7)]
    assert found["some"] == found["all"][:4]


def test_27_references_are_fetched(smart: Scenario, base: str, clinic: dict[str, int]) -> None:
    found = smart(base, "references")
    assert found == {"conditions": 3, "references": ["Patient/clinic-2"], "family": "Clinic"}
