"""Everything we emit for the packaged cases, before HL7's own engine: no error, and no warning without a reason."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import fhir_vitiligo as fv

from .engine import OfficialEngine, OfficialIssue, Request

pytestmark = pytest.mark.official

# Message id and the words it is about -> why the warning stands. Anything else fails.
EXPLAINED: tuple[tuple[str | None, str, str], ...] = (
    (
        "All_observations_should_have_a_performer",
        "",
        "a case seldom says who made an observation, and a performer is never invented",
    ),
    (
        "Error_validating_code_running_without_terminology_services",
        "unitsofmeasure.org",
        "no terminology server: UCUM is not on board; the registry's units are tested against the UCUM grammar",
    ),
    ("UNKNOWN_CODESYSTEM", "unitsofmeasure.org", "UCUM, as above"),
    (None, "unitsofmeasure.org", "UCUM, as above (the engine's second message on the same place)"),
    ("UNKNOWN_CODESYSTEM", "human-phenotype-ontology.org", "HPO is not on board"),
    ("UNKNOWN_CODESYSTEM", "www.whocc.no/atc", "ATC is not on board"),
    (
        "UNKNOWN_CODESYSTEM",
        "urn:ietf:bcp:47",
        "the engine has no list of languages without a terminology server",
    ),
    (None, "urn:ietf:bcp:47", "as above"),
    ("UNKNOWN_CODESYSTEM", "registry.invalid", "a code system of the (invented) source, passed on as stated"),
    (
        "UNKNOWN_CODESYSTEM",
        "CodeSystem/adverse-event-outcome",
        "R4's own outcome codes, kept in R5, whose value set is SNOMED CT descendants that the registry has no source for",
    ),
    ("UNKNOWN_CODESYSTEM", "CodeSystem/v2-0136", "HL7's Yes/No indicator, which R4B's packages lack"),
    (
        "Terminology_TX_NoValid_13",
        "v3-ActReason#HTEST",
        "HL7's label for test data; R4B's SecurityLabels imports a value set that its packages lack",
    ),
    (
        "Unable_to_resolve_value_Set_",
        "v3-ConfidentialityClassification",
        "the import that R4B's packages lack",
    ),
)
CONTEXTS = (("r4", "r4"), ("r4+pack", "r4"), ("r4b", "r4b"), ("r5", "r5"))


def explained(issue: OfficialIssue) -> bool:
    return any(issue.message_id == message and words in issue.text for message, words, _ in EXPLAINED)


@pytest.mark.parametrize(("context", "release"), CONTEXTS, ids=[context for context, _ in CONTEXTS])
@pytest.mark.parametrize("bundle_type", ["transaction", "collection", "document"])
def test_every_example_is_valid(engine: OfficialEngine, context: str, release: str, bundle_type: str) -> None:
    names = list(fv.examples())
    bundles = [
        fv.to_fhir(fv.example(name), release, type=bundle_type, recorded="2026-01-01T00:00:00Z")
        for name in names
    ]
    verdicts = engine.validate_many(Request(context, bundle) for bundle in bundles)
    problems = [
        f"{name}: {issue}"
        for name, issues in zip(names, verdicts, strict=True)
        for issue in issues
        if issue.is_error or (issue.severity == "warning" and not explained(issue))
    ]
    assert not problems, "\n".join(problems[:40])


def test_every_explanation_is_needed(engine: OfficialEngine) -> None:
    """A reason that explains nothing any more has to go."""
    seen: Counter[int] = Counter()
    requests = [
        Request(context, fv.to_fhir(fv.example(name), release))
        for context, release in CONTEXTS
        for name in fv.examples()
    ]
    for issues in engine.validate_many(requests):
        for issue in issues:
            for number, (message, words, _) in enumerate(EXPLAINED):
                if issue.message_id == message and words in issue.text:
                    seen[number] += 1
    unused = [EXPLAINED[number][:2] for number in range(len(EXPLAINED)) if not seen[number]]
    assert not unused


def test_broken_output_is_noticed(engine: OfficialEngine) -> None:
    """The harness sees what it is there to see."""
    bundle = fv.to_fhir(fv.example("case-report"), "r4", type="collection")
    condition = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Condition")
    condition["clinicalStatus"] = {"text": "active"}
    condition["clinicalState"] = "active"
    text = " ".join(str(issue) for issue in engine.validate("r4", bundle) if issue.is_error)
    assert re.search(r"condition-clinical|ConditionClinicalStatus", text)
    assert "clinicalState" in text
