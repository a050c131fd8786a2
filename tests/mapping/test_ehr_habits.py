"""How EHRs say what a treatment is for, and what it is: by references, and by what they call what they do not send."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo import to_fhir
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.back import from_fhir
from tests.properties.mutation import leaves
from tests.properties.test_residue import lost

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
PATIENT = {"resourceType": "Patient", "id": "p"}
SUBJECT = {"reference": "Patient/p"}


def concept(text: str, code: str | None = None) -> Any:
    return {"text": text, **({"coding": [{"system": ICD, "code": code}]} if code else {})}


VITILIGO = {"resourceType": "Condition", "id": "v", "subject": SUBJECT, "code": concept("Vitiligo", "L80")}
ASTHMA = {"resourceType": "Condition", "id": "a", "subject": SUBJECT, "code": concept("Asthma", "J45.909")}


def bundle(*resources: Any) -> Any:
    entries = [{"resource": one} for one in (PATIENT, *resources, VITILIGO, ASTHMA)]
    return json.loads(json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}))


def order(**more: Any) -> Any:
    head = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": SUBJECT,
    }
    return {**head, **more}


def names(document: Any) -> list[str]:
    """The products of the treatments found, in order."""
    case, _ = from_fhir(document)
    products = {one.key: str(one.name) for one in case.products}
    return [products.get(str(one.product), "?") for one in case.interventions]


LOCAL = {"medicationCodeableConcept": concept("house cream no. 5")}
KNOWN = {"medicationCodeableConcept": concept("prednisolone")}
SKIN = {"medicationCodeableConcept": concept("tacrolimus")}


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (order(**LOCAL, reasonReference=[{"reference": "Condition/v"}]), ["house cream no. 5"]),
        (order(**LOCAL, reasonReference=[{"reference": "Condition/a"}]), []),
        (order(**LOCAL), []),
        (order(**KNOWN), []),
        (order(**SKIN), ["Tacrolimus"]),
        (order(**KNOWN, reasonCode=[concept("Asthma", "J45.909")]), []),
        (
            order(**KNOWN, reasonCode=[concept("Asthma", "J45.909"), concept("Vitiligo", "L80")]),
            ["Prednisolone"],
        ),
        (order(**SKIN, reasonCode=[concept("white patches")]), []),
        (
            order(**KNOWN, reasonCode=[concept("patches")], reasonReference=[{"reference": "Condition/v"}]),
            ["Prednisolone"],
        ),
        (order(**KNOWN, reasonReference=[{"reference": "Condition/a"}]), []),
        (order(**KNOWN, reasonReference=[{"reference": "Condition/not-sent"}]), []),
        (order(**KNOWN, reasonReference=[{"display": "Vitiligo"}]), ["Prednisolone"]),
        (order(**SKIN, reasonReference=[{"reference": "Condition/not-sent"}]), ["Tacrolimus"]),
        (order(**SKIN, reasonReference=[{"reference": "Condition/not-sent", "display": "Eczema"}]), []),
    ],
)
def test_a_drug_is_of_the_case_by_its_reason_or_else_by_its_name(resource: Any, found: list[str]) -> None:
    document = bundle(resource)
    assert names(document) == found
    assert lost(document, list(leaves(document))) == []


def test_a_contained_medication_is_found_by_the_reason_of_its_order() -> None:
    contained = {"resourceType": "Medication", "id": "1", "code": concept("house cream no. 5")}
    resource = order(
        contained=[contained],
        medicationReference={"reference": "#1"},
        reasonReference=[{"reference": "Condition/v"}],
    )
    document = bundle(resource)
    assert names(document) == ["house cream no. 5"]
    assert lost(document, list(leaves(document))) == []


def test_a_product_that_was_not_sent_along_has_the_name_it_is_called_by() -> None:
    reference = {"reference": "Medication/9", "display": "tacrolimus 0.1 % ointment"}
    document = bundle(order(medicationReference=reference))
    assert names(document) == ["tacrolimus 0.1 % ointment"]
    assert lost(document, list(leaves(document))) == []
    sent = {"resourceType": "Medication", "id": "9", "code": concept("Tacrolimus ointment of ours")}
    assert names(bundle(order(medicationReference=reference), sent)) == ["Tacrolimus ointment of ours"]


def test_r5_says_the_same_in_its_own_elements() -> None:
    document = bundle(
        {
            **order(medication={"reference": {"reference": "Medication/9", "display": "house cream"}}),
            "reason": [{"reference": {"reference": "Condition/v"}}],
        }
    )
    case, _ = from_fhir(document, Release.R5)
    assert [one.product for one in case.interventions] == ["m"]
    assert [str(one.name) for one in case.products] == ["house cream"]


def test_why_an_order_was_stopped_is_kept() -> None:
    document = bundle(order(**SKIN) | {"status": "stopped", "statusReason": concept("side effects")})
    case, residue = from_fhir(document)
    assert str(case.interventions[0].stop_reason) == "side effects"
    assert not [one for one in residue if "statusReason" in one.expression]


def procedure(identity: str, text: str, **more: Any) -> Any:
    head = {"resourceType": "Procedure", "id": identity, "status": "completed", "subject": SUBJECT}
    return {**head, "code": concept(text), **more}


def suspected(identity: str, text: str, procedure: str) -> Any:
    head = {"resourceType": "AdverseEvent", "id": identity, "actuality": "actual", "subject": SUBJECT}
    return {
        **head,
        "event": concept(text),
        "suspectEntity": [{"instance": {"reference": f"Procedure/{procedure}"}}],
    }


def test_a_procedure_by_its_reason_and_an_event_by_its_treatment() -> None:
    document = bundle(
        suspected("e1", "Sunburn-like reaction", "p1"),
        suspected("e2", "Fall from bed", "p2"),
        procedure("p1", "Light box", reasonReference=[{"reference": "Condition/v"}]),
        procedure("p2", "Appendectomy", reasonReference=[{"reference": "Condition/a"}]),
        procedure("p3", "Phototherapy", reasonCode=[concept("Psoriasis", "L40.0")]),
    )
    case, residue = from_fhir(document)
    assert [str(one.name) for one in case.interventions] == ["Light box"]
    assert [(str(one.name), one.interventions) for one in case.events] == [("Sunburn-like reaction", ("p1",))]
    assert {one.resource for one in residue} >= {"Procedure/p2", "Procedure/p3", "AdverseEvent/e2"}
    assert lost(document, list(leaves(document))) == []


@pytest.mark.parametrize(
    ("kind", "status", "read"),
    [
        ("MedicationRequest", "active", "active"),
        ("MedicationRequest", "draft", "planned"),
        ("MedicationRequest", "cancelled", "not-done"),
        # How a supply went says nothing of the treatment.
        ("MedicationDispense", "in-progress", None),
        ("MedicationDispense", "completed", None),
        ("MedicationAdministration", "not-done", "not-done"),
        # What R5 alone has says less than any status of a treatment.
        ("MedicationRequest", "ended", None),
    ],
)
def test_the_status_of_an_order_in_r5(kind: str, status: str, read: str | None) -> None:
    resource = {
        "resourceType": kind,
        "id": "m",
        "status": status,
        "medication": {"concept": concept("tacrolimus")},
        "subject": SUBJECT,
    }
    document = bundle(resource)
    case, residue = from_fhir(document, Release.R5)
    treatment = case.interventions[0]
    assert (treatment.status.value if treatment.status else None) == read
    left = [one.value for one in residue if one.expression == f"{kind}.status"]
    assert left == ([] if read else [status])
    assert lost(document, list(leaves(document))) == []


@pytest.mark.parametrize(
    ("code", "read"), [("taking", "active"), ("not-taking", "not-done"), ("stopped", "stopped"), ("x", None)]
)
def test_adherence_in_r5_without_words(code: str, read: str | None) -> None:
    system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
    resource = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "recorded",
        "medication": {"concept": concept("tacrolimus")},
        "subject": SUBJECT,
        "adherence": {"code": {"coding": [{"system": system, "code": code}]}},
    }
    document = bundle(resource)
    case, residue = from_fhir(document, Release.R5)
    status = case.interventions[0].status
    assert (status.value if status else None) == read
    left = [one.value for one in residue if one.expression.startswith("MedicationStatement.adherence")]
    assert left == ([] if read else [system, code])


@pytest.mark.parametrize("number", [True, "7", None])
def test_what_is_no_number_is_no_score(number: Any) -> None:
    score = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": SUBJECT,
        "code": concept("VASI"),
        "valueQuantity": {"value": number, "unit": "points"},
    }
    document = bundle({name: value for name, value in score.items() if value is not None})
    case, residue = from_fhir(document)
    assert [one.total for one in case.assessments] in ([], [None])
    if number is not None:
        assert number in [one.value for one in residue]


ELIDEL = {
    "resourceType": "MedicationStatement",
    "id": "e",
    "status": "active",
    "subject": SUBJECT,
    "medicationCodeableConcept": concept("Elidel"),
    "reasonCode": [concept("vitiligo")],
    "dosage": [{"text": "2x daily"}],
}


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_a_drug_of_which_nobody_says_how_it_is_given_is_used_all_the_same(release: str) -> None:
    case, residue = from_fhir(bundle(ELIDEL))
    (found,) = case.interventions
    assert (found.kind, str(found.status), str(found.instructions)) == ("other", "active", "2x daily")
    assert {one["value"] for one in residue if one["resource"] == "MedicationStatement/e"} == {"vitiligo"}
    again = to_fhir(case, release=release)
    kinds = [entry["resource"]["resourceType"] for entry in again["entry"]]
    assert "MedicationStatement" in kinds
    assert "Procedure" not in kinds
    assert from_fhir(again)[0] == case


@pytest.mark.parametrize(
    ("denominator", "read"),
    [
        ({"value": 1}, True),
        ({"value": 1, "unit": "1", "code": "1"}, True),
        ({"value": 1, "unit": "g"}, False),
        ({"value": 1, "unit": "g", "code": "g", "system": "http://unitsofmeasure.org"}, False),
        ({"value": 100, "unit": "g"}, False),
    ],
)
def test_a_strength_in_something_is_not_read_without_it(denominator: Any, read: bool) -> None:
    strength = {"numerator": {"value": 1, "unit": "mg"}, "denominator": denominator}
    medication = {
        "resourceType": "Medication",
        "id": "m",
        "code": concept("tacrolimus ointment"),
        "ingredient": [{"itemCodeableConcept": concept("tacrolimus"), "strength": strength}],
    }
    use = {key: value for key, value in ELIDEL.items() if key != "medicationCodeableConcept"}
    document = bundle(medication, {**use, "medicationReference": {"reference": "Medication/m"}})
    case, _ = from_fhir(document)
    (ingredient,) = case.products[0].ingredients
    assert (str(ingredient.strength) == "1 mg") is read
    assert (ingredient.strength is None) is not read
    assert lost(document, list(leaves(document))) == []
