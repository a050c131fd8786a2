"""Every profile that is declared is defined, has an example, and each of its must-rules an instance that breaks it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.parts import declared_profiles

ROOT = Path(__file__).parent.parent
# R4 has no Citation; in R5 it takes the place of the DocumentReference.
ELSEWHERE = {"r4": {"vitiligo-citation"}, "r5": {"vitiligo-source"}}
PACKAGES = {"r4": ROOT / "profiles" / "package", "r5": ROOT / "profiles" / "package-r5"}


@pytest.mark.parametrize("release", PACKAGES)
def test_every_declared_profile_is_defined(release: str) -> None:
    defined = {path.stem.partition("-")[2] for path in PACKAGES[release].glob("StructureDefinition-*.json")}
    assert {one.removeprefix(urls.own("")) for one in declared_profiles()} - defined == ELSEWHERE[release]


def test_the_examples_are_what_the_packaged_cases_give() -> None:
    """``tools/build_examples.py --check``: nothing stale, and no rule without an instance that breaks it."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_examples.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("release", PACKAGES)
def test_a_broken_instance_names_its_rule(release: str) -> None:
    lines = (ROOT / "profiles" / "broken" / f"{release}.ndjson").read_text(encoding="utf-8").splitlines()
    broken = [json.loads(line) for line in lines]
    assert len({one["id"] for one in broken}) == len(broken) > 300
    assert all(set(one) == {"id", "profile", "kind", "element", "expression", "resource"} for one in broken)
