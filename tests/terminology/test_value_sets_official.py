"""The same verdicts as HL7's own engine gives without a terminology server, over value sets drawn at random.

Each value set is bound, as required, to ``Observation.code`` by a profile of its own; the engine is asked about
codes that are in it, beside it, and nowhere.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from fhir_vitiligo.fhir.definitions import CORE, definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.value_sets import Terminology
from tests.official.build import missing_programs
from tests.official.engine import OfficialEngine, OfficialIssue, Request

pytestmark = pytest.mark.official

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# The engine has no server to ask, no code system, only a part of one, or not in that version.
_CANNOT_TELL = (
    *(
        "TERMINOLOGY_TX_NOSVC",
        "UNKNOWN_CODESYSTEM",
        "UNKNOWN_CODE_IN_FRAGMENT",
        "Terminology_TX_ValueSet_NotFound",
    ),
    *("Unable_to_resolve_value_Set_", "VALUESET_"),
)


def profile(number: int, value_set: str, release: Release) -> dict[str, object]:
    name = f"probe-{number}"
    binding = {"strength": "required", "valueSet": value_set}
    code = {"id": "Observation.code", "path": "Observation.code", "min": 1, "binding": binding}
    return {
        "resourceType": "StructureDefinition", "id": name, "name": f"Probe{number}", "status": "active",
        "url": f"https://w3id.org/fhir-vitiligo/probe/{name}", "fhirVersion": release.version,
        "kind": "resource", "abstract": False, "type": "Observation", "derivation": "constraint",
        "baseDefinition": CORE + "Observation", "differential": {"element": [code]},
    }  # fmt: skip


def theirs(issues: list[OfficialIssue]) -> str:
    """What the engine's issues about the code mean, in our words."""
    errors = {issue.message_id or "" for issue in issues if issue.is_error and ".code" in issue.location}
    said = {issue.message_id or "" for issue in issues if ".code" in issue.location}
    if any(name.startswith("Unknown_Code") for name in errors):
        return "unknown-code"
    if any(name.startswith("Terminology_TX_NoValid") for name in errors):
        return "not-in"
    return "cannot-tell" if any(name.startswith(_CANNOT_TELL) for name in said) else "in"


def questions(board: Terminology, release: Release, count: int) -> list[tuple[str, str, str]]:
    draw = random.Random(20261122)
    urls = sorted(dict.fromkeys(definitions_of(release).urls("ValueSet")))
    asked = []
    for url in draw.sample(urls, count):
        value_set = board.value_set(url)
        assert value_set is not None
        if any(gap.reason in ("value-set", "fragment") for gap in value_set.gaps):
            # The engine refuses every code of a value set of which it does not find a part, and none of a
            # system of which it has a part; here each code is judged by what is known of it.
            continue
        asked.append((url, ACT_CODE, "AMB"))
        for system, membership in [*value_set.by_system.items()][:2]:
            known = board.code_system(system)
            if known is not None and known.content == "fragment":
                continue
            listed = [*(membership.codes or ())]
            beside = [code for code in (known.concepts if known is not None else ()) if code not in listed]
            asked += [(url, system, code) for code in draw.sample(listed, min(2, len(listed)))]
            asked += [(url, system, code) for code in draw.sample(beside, min(1, len(beside)))]
            asked.append((url, system, "no-such-code"))
    return asked


@pytest.mark.parametrize(("release", "count"), [(Release.R4, 150), (Release.R5, 100)])
def test_verdicts_are_those_of_hl7_s_engine(release: Release, count: int, tmp_path: Path) -> None:
    if missing := missing_programs():
        pytest.skip(f"HL7's engine needs {', '.join(missing)}, which are not installed")
    board = Terminology(release)
    asked = questions(board, release, count)
    urls = {url: number for number, url in enumerate(dict.fromkeys(url for url, _, _ in asked))}
    for url, number in urls.items():
        (tmp_path / f"probe-{number}.json").write_text(json.dumps(profile(number, url, release)))
    context = "r4+pack" if release is Release.R4 else "r5"
    requests = [
        Request(
            context,
            {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": system, "code": code}]}},
            [f"https://w3id.org/fhir-vitiligo/probe/probe-{urls[url]}"],
        )
        for url, system, code in asked
    ]  # fmt: skip
    tally: Counter[str] = Counter()
    different = []
    with OfficialEngine({release.value: [tmp_path]}) as engine:
        for question, issues in zip(asked, engine.validate_many(requests), strict=True):
            verdict, answer = board.validate(*question), theirs(issues)
            # Where the code's system is not here, the engine tells nothing of what the value set alone says.
            # And of a code that is refused it does not always say that it does not exist.
            refused = {verdict.kind, answer} == {"unknown-code", "not-in"}
            silent = not verdict.system_on_board and answer == "cannot-tell"
            if verdict.kind == answer or refused or silent:
                tally[verdict.kind] += 1
            else:
                different.append((*question, verdict.kind, answer, verdict.gap, [str(i) for i in issues][:3]))
    assert tally["in"] > 100
    assert tally["not-in"] > 100
    assert tally["unknown-code"] > 50
    assert different == []
