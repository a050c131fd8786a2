"""The engine gives the verdicts that it is known to give: were it loaded wrongly, everything would look well.

The shapes that the mapping relies on are proved here too, each in every release it is written in.
"""

from __future__ import annotations

from typing import Any

import pytest

from .engine import CONTEXTS, NO_VERDICT, OfficialEngine, Request

pytestmark = pytest.mark.official

RELEASES = ("r4", "r4b", "r5")
DAR = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
ABSENT: dict[str, Any] = {"extension": [DAR]}
SUBJECT = {"reference": "Patient/p"}
VITILIGO = {
    "coding": [{"system": "http://snomed.info/sct", "code": "56727007", "display": "Vitiligo"}],
    "text": "vitiligo",
}
AMBULATORY = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "AMB",
    "display": "ambulatory",
}
INCLUDED_STRUCTURE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-BodyStructure.includedStructure"
SEVERITY = "http://hl7.org/fhir/4.0/StructureDefinition/extension-AdverseEvent.severity"


def relative(target_path: str) -> dict[str, Any]:
    """A moment one month before the anchoring encounter (cqf-relativeDateTime)."""
    month = {"value": 1, "unit": "month", "system": "http://unitsofmeasure.org", "code": "mo"}
    parts = [
        {"url": "target", "valueReference": {"reference": "Encounter/t0"}},
        {"url": "targetPath", "valueString": target_path},
        {"url": "relationship", "valueCode": "before"},
        {"url": "offset", "valueDuration": month},
    ]
    url = "http://hl7.org/fhir/StructureDefinition/cqf-relativeDateTime"
    return {"extension": [{"url": url, "extension": parts}]}


def encounter(release: str, **elements: Any) -> dict[str, Any]:
    r5 = release == "r5"
    status, klass = ("completed", [{"coding": [AMBULATORY]}]) if r5 else ("finished", AMBULATORY)
    return {"resourceType": "Encounter", "status": status, "class": klass, "subject": SUBJECT, **elements}


def period(release: str) -> str:
    return "actualPeriod" if release.startswith("r5") else "period"


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_good_patient_has_no_error(engine: OfficialEngine, context: str) -> None:
    patient = {"resourceType": "Patient", "gender": "male", "birthDate": "2003"}
    assert [issue.message_id for issue in engine.validate(context, patient)] == [
        "http://hl7.org/fhir/StructureDefinition/DomainResource#dom-6"
    ]


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_bad_patient_has_the_expected_errors_at_their_places(engine: OfficialEngine, context: str) -> None:
    patient = {"resourceType": "Patient", "gender": "man", "contact": [{"gender": "male"}], "eyes": 2}
    found = {(issue.location, issue.message_id) for issue in engine.errors(context, patient)}
    assert {
        ("Patient.gender", "Terminology_TX_NoValid_16"),
        ("Patient.contact[0]", "http://hl7.org/fhir/StructureDefinition/Patient#pat-1"),
        ("Patient", None),  # eyes: the engine gives this message no id
    } <= found
    assert {location for location, _ in found} == {"Patient.gender", "Patient.contact[0]", "Patient"}


def test_text_is_judged_as_it_was_written(engine: OfficialEngine) -> None:
    twice = '{"resourceType": "Patient", "gender": "male", "gender": "female"}'
    (error,) = engine.errors("r4", twice)
    assert "duplicate" in error.text.lower()


def test_a_profile_that_is_not_loaded_is_no_verdict(engine: OfficialEngine) -> None:
    (issue,) = engine.validate("r4", {"resourceType": "Patient"}, ["http://example.org/nobody"])
    assert (issue.severity, issue.message_id) == ("fatal", NO_VERDICT)
    assert issue.text == "no profile http://example.org/nobody is loaded"


def test_profiles_are_applied(engine: OfficialEngine) -> None:
    weight = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "subject": SUBJECT,
    }
    profile = "http://hl7.org/fhir/StructureDefinition/bodyweight"
    assert not engine.errors("r4", weight)
    assert {error.location for error in engine.errors("r4", weight, [profile])} >= {"Observation.code"}


def test_many_come_back_in_order(engine: OfficialEngine) -> None:
    # More than are under way at once, over two contexts that work at their own pace.
    asked = [
        Request(("r4", "r5")[i % 2], {"resourceType": "Patient", "gender": "male" if i % 3 else "man"})
        for i in range(150)
    ]
    found = [any(issue.is_error for issue in issues) for issues in engine.validate_many(asked)]
    assert found == [i % 3 == 0 for i in range(150)]


def test_a_caller_may_stop_early(engine: OfficialEngine) -> None:
    good, bad = ({"resourceType": "Patient", "gender": gender} for gender in ("male", "man"))
    answers = engine.validate_many(Request("r4", bad) for _ in range(100))
    assert any(issue.is_error for issue in next(answers))
    answers.close()  # type: ignore[attr-defined]
    assert not engine.errors("r4", good)


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_time_relative_to_an_encounter(engine: OfficialEngine, context: str) -> None:
    path = period(context)
    onset = {
        "resourceType": "Condition",
        "code": VITILIGO,
        "subject": SUBJECT,
        "_onsetDateTime": relative(path),
    }
    onset["clinicalStatus"] = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    }
    assert not engine.errors(context, onset)
    assert not engine.errors(context, encounter(context, **{path: {"_start": relative(path)}}))


@pytest.mark.parametrize("context", ["r4+pack", "r4b+pack", "r5"])
def test_the_engine_still_knows_a_wrong_relative_time(engine: OfficialEngine, context: str) -> None:
    start = relative("period")
    start["extension"][0]["extension"].pop()
    errors = engine.errors(context, encounter(context, **{period(context): {"_start": start}}))
    assert {error.location for error in errors} == {f"Encounter.{period(context)}.start.extension[0]"}


@pytest.mark.parametrize("context", CONTEXTS)
def test_what_is_only_known_to_be_unknown(engine: OfficialEngine, context: str) -> None:
    absent_class = [ABSENT] if context == "r5" else ABSENT
    assert not engine.errors(context, encounter(context, **{"class": absent_class}))
    assert not engine.errors(context, encounter(context, **{period(context): ABSENT}))
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": "Condition/c"}],
        "_recorded": ABSENT,
        "agent": [{"who": {"display": "fhir-vitiligo"}}],
    }
    assert not engine.errors(context, provenance)


@pytest.mark.parametrize("context", ["r4", "r4+pack", "r4b", "r4b+pack"])
@pytest.mark.parametrize("structure", [{"text": "cheek"}, ABSENT], ids=["site and side", "side only"])
def test_r5_sites_in_an_r4_body_structure(
    engine: OfficialEngine, context: str, structure: dict[str, Any]
) -> None:
    site = {
        "url": INCLUDED_STRUCTURE,
        "extension": [
            {"url": "structure", "valueCodeableConcept": structure},
            {"url": "laterality", "valueCodeableConcept": {"text": "right"}},
        ],
    }
    body = {"resourceType": "BodyStructure", "patient": SUBJECT, "extension": [site, site]}
    issues = engine.validate(context, body)
    assert [issue.message_id for issue in issues] == [
        "http://hl7.org/fhir/StructureDefinition/DomainResource#dom-6"
    ]
    site["extension"][1] = {"url": "laterality", "valueString": "right"}  # type: ignore[index]
    for _ in range(2):  # a second time too: left to itself, the engine looks inside once
        assert [(error.location, error.message_id) for error in engine.errors(context, body)] == [
            (f"BodyStructure.extension[{i}].extension[1].value.ofType(string)", "Extension_PROF_Type")
            for i in (0, 1)
        ]


def test_r4_severity_in_an_r5_adverse_event(engine: OfficialEngine) -> None:
    event = {"resourceType": "AdverseEvent", "status": "completed", "actuality": "actual", "subject": SUBJECT}
    severity = {"url": SEVERITY, "valueCodeableConcept": {"text": "mild"}}
    assert not engine.errors("r5", {**event, "code": {"text": "erythema"}, "extension": [severity]})
    (error,) = engine.errors("r5", {**event, "extension": [{"url": SEVERITY, "valueCode": "mild"}]})
    assert (error.location, error.message_id) == ("AdverseEvent.extension[0]", "Extension_EXT_Type")


@pytest.mark.parametrize("context", RELEASES)
def test_a_code_of_a_value_set_that_takes_in_another(engine: OfficialEngine, context: str) -> None:
    # R5's set of resource types imports another: left to itself, the engine refuses every code of it.
    parameter = {
        "resourceType": "SearchParameter",
        "url": "https://w3id.org/fhir-vitiligo/SearchParameter/test",
        "name": "Test",
        "status": "draft",
        "description": "A parameter for this test.",
        "code": "test",
        "base": ["Account"],
        "type": "token",
    }
    assert not engine.errors(context, parameter)
    errors = engine.errors(context, {**parameter, "base": ["Ledger"]})
    assert ("SearchParameter.base[0]", "Terminology_TX_NoValid_16") in {
        (e.location, e.message_id) for e in errors
    }
