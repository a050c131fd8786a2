"""The examples of the profiles before HL7's engine: each is valid, and each broken one is broken in one place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.fhir.json import loads

from .build import ROOT
from .engine import OfficialEngine, OfficialIssue, Request
from .test_output import explained

pytestmark = pytest.mark.official

CANONICAL = "https://w3id.org/fhir-vitiligo/StructureDefinition/"
# R4's examples are R4B's as well.
CONTEXTS = (("r4", "r4"), ("r4b", "r4"), ("r5", "r5"))

# The engine does not look at what a CodeableReference leads to.
SILENT = {
    ("r5", "vitiligo-medication_target_MedicationStatement.medication"),
    ("r5", "vitiligo-photograph_target_DocumentReference.bodySite"),
}


def examples(release: str) -> list[tuple[str, Any]]:
    folder: Path = ROOT / "profiles" / "examples" / release
    return [(CANONICAL + path.stem, loads(path.read_bytes())) for path in sorted(folder.glob("*.json"))]


def broken(release: str) -> list[dict[str, Any]]:
    lines = (ROOT / "profiles" / "broken" / f"{release}.ndjson").read_bytes().splitlines()
    return [loads(line) for line in lines]


@pytest.mark.parametrize(("context", "release"), CONTEXTS, ids=[context for context, _ in CONTEXTS])
def test_every_example_is_valid(engine: OfficialEngine, context: str, release: str) -> None:
    found = examples(release)
    verdicts = engine.validate_many(Request(context, resource, [profile]) for profile, resource in found)
    problems = [
        f"{profile.rpartition('/')[2]}: {issue}"
        for (profile, _), issues in zip(found, verdicts, strict=True)
        for issue in issues
        if issue.is_error or (issue.severity == "warning" and not explained(issue))
    ]
    assert not problems, "\n".join(problems[:40])


def place(expression: str) -> str:
    """A place without what the engine and FHIRPath write differently: types of choices, comments, indexes."""
    plain = re.sub(r"/\*.*?\*/|\[\d+\]|\.ofType\([A-Za-z]+\)|\[x\]", "", expression)
    return re.sub(r"(value|effective|onset|abatement|medication|performed|occurrence)[A-Z]\w*", r"\1", plain)


def is_at(issue: OfficialIssue, expression: str) -> bool:
    """The engine tells some faults at the element and some at the one around it."""
    told, wanted = place(issue.location), place(expression)
    return told == wanted or told.startswith(f"{wanted}.") or wanted.rpartition(".")[0] == told


@pytest.mark.parametrize(("context", "release"), CONTEXTS, ids=[context for context, _ in CONTEXTS])
def test_every_broken_instance_is_broken_where_it_says_and_nowhere_else(
    engine: OfficialEngine, context: str, release: str
) -> None:
    found = broken(release)
    verdicts = engine.validate_many(Request(context, one["resource"], [one["profile"]]) for one in found)
    problems = []
    for one, issues in zip(found, verdicts, strict=True):
        errors = [issue for issue in issues if issue.is_error]
        if bool(errors) is ((release, one["id"]) in SILENT):
            problems.append(f"{one['id']}: {len(errors)} errors")
        problems += [
            f"{one['id']} (at {one['expression']}): {issue}"
            for issue in errors
            if not is_at(issue, one["expression"])
        ]
    assert not problems, f"{len(problems)}\n" + "\n".join(problems[:60])
