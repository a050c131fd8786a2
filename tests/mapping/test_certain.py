"""What cannot be read for certain is not read: elements are not mixed, nothing doubtful becomes a fact, nothing moves in time."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import json
from fhir_vitiligo.mapping.back import from_fhir
from fhir_vitiligo.mapping.residue import Residue
from tests.properties.mutation import leaves
from tests.properties.test_residue import lost

SUBJECT = {"reference": "Patient/p"}
PATIENT = {"resourceType": "Patient", "id": "p"}
ICD_GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
GM_CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def made(kind: str, **more: Any) -> Any:
    about = "patient" if kind == "FamilyMemberHistory" else "subject"
    return {"resourceType": kind, "id": "x", about: SUBJECT, **more}


def read(*resources: Any) -> tuple[Case, list[Residue]]:
    """The case and the residue; and every leaf is in one of them."""
    entries = [{"resource": one} for one in (PATIENT, *resources)]
    document = json.loads(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    assert lost(document, list(leaves(document))) == []
    return from_fhir(document)


def left(residue: list[Residue]) -> set[str]:
    return {one.expression.partition(".")[2] for one in residue if one.resource.endswith("/x")}


def is_whole(resource: Any, residue: list[Residue]) -> bool:
    """Whether nothing of a resource was read."""
    found = [one for one in residue if one.resource == f"{resource['resourceType']}/x"]
    return len(found) == len([path for path, _ in leaves(resource) if path[-1] != "resourceType"])


# One element of a list is read as a whole


def test_the_age_of_a_relative_at_one_disease_is_not_the_age_at_another() -> None:
    twenty = {"value": 20, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
    conditions = [{"code": {"text": "vitiligo"}}, {"code": {"text": "psoriasis"}, "onsetAge": twenty}]
    case, residue = read(
        made("FamilyMemberHistory", status="completed", relationship={"text": "father"}, condition=conditions)
    )
    (member,) = case.subject.family_history
    assert (str(member.condition).lower(), member.onset) == ("vitiligo", None)
    assert {"condition[1].code.text", "condition[1].onset.value"} <= left(residue)


@pytest.mark.parametrize("first", [True, False])
def test_a_photograph_is_one_of_the_pictures_of_a_document(first: bool) -> None:
    named = {"attachment": {"title": "face", "creation": "2023-02-01"}}
    placed = {"attachment": {"url": "https://pacs.test/hand.png", "creation": "2024"}}
    content = [named, placed] if first else [placed, named]
    case, residue = read(
        made("DocumentReference", status="current", type={"text": "Photograph"}, content=content)
    )
    (photograph,) = case.photographs
    told = (photograph.title, photograph.url, photograph.date)
    texts = [None if one is None else str(one.value) for one in told]
    assert texts == (["face", None, "2023-02-01"] if first else [None, "https://pacs.test/hand.png", "2024"])
    second = {path for path in left(residue) if path.startswith("content[1]")}
    assert len(second) == 2


@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest", "MedicationDispense"])
def test_a_dosage_is_read_as_a_whole(kind: str) -> None:
    member = "dosage" if kind == "MedicationStatement" else "dosageInstruction"
    daily = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    dosages = [{"route": {"text": "topical"}}, {"text": "once", "timing": daily, "site": {"text": "hand"}}]
    more = {"intent": "order"} if kind == "MedicationRequest" else {}
    resource = made(
        kind,
        status="active" if kind != "MedicationDispense" else "completed",
        medicationCodeableConcept={"text": "tacrolimus"},
        **{member: dosages},
        **more,
    )
    case, residue = read(resource)
    (treatment,) = case.interventions
    assert treatment.route is not None
    assert (treatment.instructions, treatment.schedule, treatment.site) == (None, None, None)
    assert len([path for path in left(residue) if path.startswith(f"{member}[1]")]) == 5


def test_a_cause_is_of_the_treatment_it_was_said_of() -> None:
    treatments = [
        {**made("Procedure", status="completed", code={"text": "NB-UVB"}), "id": name} for name in ("a", "b")
    ]
    suspects = [
        {"instance": {"reference": "Procedure/a"}},
        {"instance": {"reference": "Procedure/b"}, "causality": [{"assessment": {"text": "certain"}}]},
    ]
    event = made("AdverseEvent", actuality="actual", event={"text": "Erythema"}, suspectEntity=suspects)
    case, residue = read(*treatments, event)
    assert [(one.interventions, one.causality) for one in case.events] == [(("a", "b"), None)]
    assert left(residue) == {"suspectEntity[1].causality[0].assessment.text"}


# How certain a diagnosis is


def in_germany(certainty: str, **more: Any) -> Any:
    coding = {
        "system": ICD_GM,
        "code": "L80",
        "extension": [{"url": GM_CERTAINTY, "valueCoding": {"code": certainty}}],
    }
    return made("Condition", code={"coding": [coding]}, **more)


def status(system: str, code: str) -> Any:
    return {"coding": [{"system": system, "code": code}]}


def vitiligo(**more: Any) -> Any:
    return made("Condition", **{"code": {"text": "Vitiligo"}, **more})


@pytest.mark.parametrize(
    ("condition", "read_as"),
    [
        (in_germany("G"), "confirmed"),
        (in_germany("V"), "provisional"),
        (in_germany("A"), "refuted"),
        (in_germany("V", verificationStatus=status(VERIFICATION, "unconfirmed")), "unconfirmed"),
        (in_germany("Z", clinicalStatus=status(CLINICAL, "remission")), "not said"),
        (vitiligo(), "not said"),
        (vitiligo(verificationStatus=status(VERIFICATION, "differential")), "differential"),
        (vitiligo(verificationStatus={"text": "Confirmed"}), "confirmed"),
        (
            vitiligo(verificationStatus=status("http://hl7.org/fhir/condition-ver-status", "refuted")),
            "refuted",
        ),
        (vitiligo(category=[{"text": "problem list"}]), "not said"),
        (vitiligo(code={"text": "Non-segmental vitiligo"}), "not said"),
    ],
)
def test_the_certainty_of_a_diagnosis_is_read_however_it_is_stated(condition: Any, read_as: str) -> None:
    case, _ = read(condition)
    (diagnosis,) = case.diagnoses
    assert (str(diagnosis.verification.value) if diagnosis.verification else "not said") == read_as


SCT = "http://snomed.info/sct"


@pytest.mark.parametrize(
    "condition",
    [
        in_germany("Z"),
        in_germany("X"),
        in_germany("A", verificationStatus=status(VERIFICATION, "confirmed")),
        vitiligo(verificationStatus={"text": "excluded"}),
        vitiligo(verificationStatus=status("http://local.test", "ruled-out")),
        vitiligo(category=[{"text": "Family history"}]),
        vitiligo(category=[{"coding": [{"system": SCT, "code": "57177007"}]}]),
        vitiligo(code={**status(SCT, "56727007"), "text": "No vitiligo"}),
        vitiligo(code={**status(SCT, "56727007"), "text": "Vitiligo ruled out"}),
        vitiligo(code={"coding": [{"system": ICD_GM, "code": "L80", "display": "V. a. Vitiligo"}]}),
        vitiligo(code={**status(SCT, "56727007"), "text": "Vitiligo?"}),
        made("Condition", code={"text": "Psoriasis"}, verificationStatus=status(VERIFICATION, "unconfirmed")),
        made(
            "Condition", code={"text": "Psoriasis"}, verificationStatus=status(VERIFICATION, "differential")
        ),
        made("Condition", code={"text": "Psoriasis"}, clinicalStatus=status(CLINICAL, "resolved")),
        made("Condition", code={"text": "Psoriasis"}, clinicalStatus={"text": "over"}),
        made("Condition", code={"text": "Psoriasis"}, abatementDateTime="2020"),
        made("Condition", code={"text": "Psoriasis"}, category=[{"text": "family history"}]),
    ],
)
def test_a_disease_that_is_doubted_in_other_words_is_not_asserted(condition: Any) -> None:
    case, residue = read(condition)
    assert (case.diagnoses, case.subject.comorbidities) == ((), ())
    assert is_whole(condition, residue)


@pytest.mark.parametrize(
    ("more", "presence"),
    [
        ({}, "present"),
        ({"clinicalStatus": status(CLINICAL, "active")}, "present"),
        ({"verificationStatus": status(VERIFICATION, "confirmed")}, "present"),
        ({"verificationStatus": status(VERIFICATION, "refuted")}, "absent"),
    ],
)
def test_a_comorbidity_that_is_certain_is_read(more: Any, presence: str) -> None:
    case, _ = read(made("Condition", code={"text": "Psoriasis"}, **more))
    assert [one.presence for one in case.subject.comorbidities] == [presence]


# What a treatment is for


@pytest.mark.parametrize(
    ("kind", "name", "reason", "is_read"),
    [
        ("MedicationStatement", "tacrolimus", "kidney transplant", False),
        ("MedicationStatement", "methotrexate", "rheumatoid arthritis", False),
        ("Procedure", "phototherapy", "neonatal jaundice", False),
        ("Procedure", "cryotherapy", "wart", False),
        ("MedicationStatement", "levothyroxine", None, False),
        ("MedicationStatement", "simvastatin", None, False),
        ("MedicationStatement", "prednisone", None, False),
        ("Procedure", "tattoo", None, False),
        ("Procedure", "skin biopsy", None, False),
        ("Procedure", "transplantation", None, False),
        ("Procedure", "tattoo", "vitiligo", True),
        ("Procedure", "NB-UVB", None, True),
        ("Procedure", "suction blister graft", None, True),
        ("MedicationStatement", "methotrexate", "vitiligo", True),
        ("MedicationStatement", "Opzelura", None, True),
    ],
)
def test_a_treatment_is_of_vitiligo_by_its_reason_or_where_it_is_given_for_little_else(
    kind: str, name: str, reason: str | None, is_read: bool
) -> None:
    named = "code" if kind == "Procedure" else "medicationCodeableConcept"
    more = {"reasonCode": [{"text": reason}]} if reason else {}
    resource = made(kind, status="completed", **{named: {"text": name}}, **more)
    case, residue = read(resource)
    assert len(case.interventions) == is_read
    assert is_read or is_whole(resource, residue)


# Whom and what an Observation is about


@pytest.mark.parametrize(
    ("focus", "is_read"),
    [
        ({"reference": "Patient/p"}, True),
        ({"reference": "BodyStructure/not-sent"}, True),
        ({"reference": "Patient/q"}, False),
        ({"reference": "Patient/not-sent"}, False),
        ({"reference": "RelatedPerson/r"}, False),
        ({"display": "her sister"}, False),
    ],
)
def test_an_observation_that_is_about_somebody_else_is_not_read(focus: Any, is_read: bool) -> None:
    other = {"resourceType": "RelatedPerson", "id": "r", "patient": SUBJECT}
    score = made(
        "Observation", status="final", code={"text": "VASI"}, valueQuantity={"value": 3}, focus=[focus]
    )
    case, residue = read(other, score)
    assert len(case.assessments) == is_read
    assert is_read or is_whole(score, residue)


@pytest.mark.parametrize(
    ("more", "is_read"),
    [
        ({"valueQuantity": {"value": 12, "unit": "%"}}, True),
        ({"valueQuantity": {"value": 12, "unit": "percent"}}, True),
        ({"valueQuantity": {"value": 12}}, True),
        ({"valueString": "12 %"}, True),
        ({"valueQuantity": {"value": 1.8, "unit": "m2"}}, False),
        ({"valueQuantity": {"value": 1.8, "unit": "m²", "code": "m2"}}, False),
        ({"valueString": "1.8 m2"}, False),
        (
            {"code": status("http://loinc.org", "8277-6") | {"text": "BSA"}, "valueQuantity": {"value": 1.8}},
            False,
        ),
    ],
)
def test_the_surface_of_the_body_is_not_the_surface_affected(more: Any, is_read: bool) -> None:
    surface = made("Observation", **{"status": "final", "code": {"text": "Body surface area"}, **more})
    case, residue = read(surface)
    assert len(case.assessments) == is_read
    assert is_read or is_whole(surface, residue)


# When


PERIOD = {"start": "2010", "end": "2015"}


def test_an_onset_between_two_times_is_not_at_the_first_of_them() -> None:
    case, residue = read(vitiligo(onsetPeriod=PERIOD))
    assert case.diagnoses[0].onset is None
    assert left(residue) == {"onset.start", "onset.end"}


def test_an_observation_over_some_time_is_not_at_its_start() -> None:
    case, residue = read(
        made(
            "Observation",
            status="final",
            code={"text": "VASI"},
            valueQuantity={"value": 3},
            effectivePeriod=PERIOD,
        )
    )
    assert [one.date for one in case.assessments] == [None]
    assert {"effective.start", "effective.end"} <= left(residue)


@pytest.mark.parametrize(
    ("kind", "name", "when", "is_act"),
    [
        ("Procedure", "code", "performedDateTime", True),
        ("MedicationAdministration", "medicationCodeableConcept", "effectiveDateTime", True),
        # That it was being taken then says neither since when nor until when.
        ("MedicationStatement", "medicationCodeableConcept", "effectiveDateTime", False),
    ],
)
def test_what_was_done_on_a_day_ended_on_that_day(kind: str, name: str, when: str, is_act: bool) -> None:
    called = "excimer laser" if kind == "Procedure" else "tacrolimus"
    case, residue = read(made(kind, status="completed", **{name: {"text": called}, when: "2023-01-01"}))
    (treatment,) = case.interventions
    times = [str(one.value) if one else None for one in (treatment.start, treatment.end)]
    assert times == (["2023-01-01", "2023-01-01"] if is_act else [None, None])
    assert any("effective" in path or "performed" in path for path in left(residue)) is not is_act


@pytest.mark.parametrize(
    ("status_", "is_read"), [("completed", True), ("declined", False), ("cancelled", False)]
)
def test_how_a_supply_went_says_nothing_of_the_treatment(status_: str, is_read: bool) -> None:
    supply = made("MedicationDispense", status=status_, medicationCodeableConcept={"text": "tacrolimus"})
    case, residue = read(supply)
    assert [one.status for one in case.interventions] == ([None] if is_read else [])
    assert "status" in left(residue)


def visit(name: str, start: str, state: str = "finished") -> Any:
    return {**made("Encounter", status=state, period={"start": start}), "id": name}


@pytest.mark.parametrize(
    ("more", "is_read"),
    [
        ({"encounter": {"reference": "Encounter/a"}}, True),
        ({"effectiveDateTime": "2019-01-01T10:00:00Z"}, True),
        ({}, True),
        ({"encounter": {"reference": "Encounter/b"}}, False),
        ({"effectiveDateTime": "2023-02-01"}, False),
        ({"encounter": {"reference": "Encounter/not-sent"}}, False),
    ],
)
def test_an_age_stays_at_the_visit_it_was_told_at(more: Any, is_read: bool) -> None:
    age = made(
        "Observation", status="final", code={"text": "Age"}, valueQuantity={"value": 43, "unit": "a"}, **more
    )
    diagnosis = {**vitiligo(encounter={"reference": "Encounter/a"}), "id": "v"}
    case, residue = read(age, diagnosis, visit("a", "2019-01-01"), visit("b", "2023-02-01"))
    assert (case.subject.age is not None) is is_read
    assert is_read or is_whole(age, residue)


def test_the_visit_of_an_age_is_the_anchor_where_there_is_no_other() -> None:
    age = made(
        "Observation",
        status="final",
        code={"text": "Age"},
        valueQuantity={"value": 43, "unit": "a"},
        encounter={"reference": "Encounter/b"},
    )
    case, _ = read(age, visit("b", "2023-02-01"))
    assert case.subject.age is not None
    assert [str(one.when.value) for one in case.timepoints if one.when] == ["2023-02-01"]


def test_a_visit_that_is_planned_is_none_that_was() -> None:
    case, residue = read(vitiligo(encounter={"reference": "Encounter/b"}), visit("b", "2030", "planned"))
    assert case.timepoints == ()
    assert "Encounter/b" in {one.resource for one in residue}


@pytest.mark.parametrize(
    ("finding", "is_event"), [("Leukotrichia", False), ("Poliosis", False), ("Erythema", True)]
)
def test_an_absent_sign_of_vitiligo_is_no_event_that_did_not_happen(finding: str, is_event: bool) -> None:
    case, residue = read(
        made("Observation", status="final", code={"text": finding}, valueCodeableConcept={"text": "Absent"})
    )
    assert bool(case.events) is is_event
    assert any(leaf.expression == "Observation.code.text" for leaf in residue) is not is_event
