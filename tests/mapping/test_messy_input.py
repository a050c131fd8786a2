"""What EHRs send: shapes that no profile foresees lose nothing, invent nothing, and end in no traceback."""

from __future__ import annotations

from typing import Any

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.fhir import json

Json = dict[str, Any]
VITILIGO: Json = {
    "coding": [{"system": "http://snomed.info/sct", "code": "56727007"}],
    "text": "Vitiligo",
}
PATIENT: Json = {"resourceType": "Patient", "id": "p1", "gender": "female"}
KNOWN: Json = {**PATIENT, "identifier": [{"system": "http://h", "value": "7"}]}
CONDITION: Json = {
    "resourceType": "Condition",
    "id": "c1",
    "code": VITILIGO,
    "subject": {"reference": "Patient/p1"},
}
SCORE: Json = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"text": "DLQI"},
    "subject": {"reference": "Patient/p1"},
    "valueInteger": 4,
}


def of(reference: Any, resource: Json = CONDITION) -> Json:
    """A resource about somebody."""
    return {**resource, "subject": {"reference": reference} if isinstance(reference, str) else reference}


def bundle(*resources: Json, kind: str = "collection", **more: Any) -> Json:
    entries = [one if "resource" in one or "request" in one else {"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries, **more}


POST = {"method": "POST", "url": "Patient"}


def at(url: str, resource: Json) -> Json:
    return {"fullUrl": url, "resource": resource}


def statement(name: str, **more: Any) -> Json:
    """Use of a drug that is contained."""
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "#med"},
        "contained": [{"resourceType": "Medication", "id": "med", "code": {"text": name}}],
        **more,
    }


DEEP: Any = CONDITION
for _ in range(300):
    DEEP = bundle(PATIENT, DEEP) if _ == 0 else bundle({"resource": DEEP})

ONE_CASE: dict[str, Json] = {
    "a Bundle within a Bundle": bundle({"resource": bundle(PATIENT, CONDITION)}),
    "Bundles in Bundles, very deep": DEEP,
    "Parameters with a Bundle": {
        "resourceType": "Parameters",
        "parameter": [{"name": "return", "resource": bundle(PATIENT, CONDITION)}],
    },
    "Parameters with parts": {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "x", "part": [{"name": "a", "resource": one} for one in (PATIENT, CONDITION)]}
        ],
    },
    "an absolute reference to a version": bundle(
        at("http://a.org/fhir/Patient/p1", PATIENT),
        at("http://a.org/fhir/Condition/c1", of("http://a.org/fhir/Patient/p1/_history/3")),
    ),
    "a reference to the same server by another scheme": bundle(
        at("http://a.org/fhir/Patient/p1", PATIENT), of("https://a.org/fhir/Patient/p1")
    ),
    "a relative reference beside full URLs": bundle(
        at("http://a.org/fhir/Patient/p1", PATIENT), at("http://a.org/fhir/Condition/c1", CONDITION)
    ),
    "an absolute reference without full URLs": bundle(PATIENT, of("http://a.org/fhir/Patient/p1")),
    "a conditional reference": bundle(KNOWN, of("Patient?identifier=http://h|7")),
    "a conditional reference, escaped": bundle(
        KNOWN, of("Patient?identifier=http%3A%2F%2Fh%7C7&active=true")
    ),
    "what a conditional create looks for": bundle(
        {
            "resource": {"resourceType": "Patient", "gender": "female"},
            "request": {**POST, "ifNoneExist": "identifier=http://h|7"},
        },
        of("Patient?identifier=http%3A%2F%2Fh%7C7"),
        kind="transaction",
    ),
    "what a conditional update looks for": bundle(
        {
            "resource": {"resourceType": "Patient", "gender": "female"},
            "request": {"method": "PUT", "url": "Patient?name=Ann"},
        },
        of("Patient?name=Ann"),
        kind="transaction",
    ),
    "a logical reference": bundle(KNOWN, of({"identifier": {"system": "http://h", "value": "7"}})),
    "a subject that is only named": bundle(PATIENT, of({"display": "Ann"})),
    "no subject": bundle(PATIENT, {name: CONDITION[name] for name in ("resourceType", "id", "code")}),
    "no full URL for a urn": bundle(at("urn:uuid:1", PATIENT), of("urn:uuid:1")),
    "no ids": bundle(
        {"resourceType": "Patient", "gender": "female"}, {"resourceType": "Condition", "code": VITILIGO}
    ),
    "an outcome among what was found": bundle(
        {"resource": PATIENT, "search": {"mode": "match"}},
        {"resource": CONDITION, "search": {"mode": "include"}},
        {
            "resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "x"}]},
            "search": {"mode": "outcome"},
        },
        kind="searchset",
        total=1,
    ),
    "a message": bundle({"resourceType": "MessageHeader", "id": "h"}, PATIENT, CONDITION, kind="message"),
    "an entry without a resource": bundle(
        PATIENT, CONDITION, {"fullUrl": "urn:x", "request": {"method": "GET"}}
    ),
    "null in a list": bundle(PATIENT, {**CONDITION, "bodySite": [None, {"text": "cheek"}]}),
    "a contained patient": bundle(
        {**of("#p"), "contained": [{"resourceType": "Patient", "id": "p", "gender": "female"}]}
    ),
    "a history": bundle(
        {**CONDITION, "onsetString": "late"}, {**CONDITION, "onsetString": "early"}, PATIENT, kind="history"
    ),
    "the same twice": bundle(PATIENT, CONDITION, CONDITION, kind="searchset"),
    "one that was withdrawn": bundle(
        PATIENT,
        CONDITION,
        {**CONDITION, "id": "c2", "verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
    ),
    "the score of a group": bundle(PATIENT, CONDITION, of("Group/g", SCORE)),
}


@pytest.mark.parametrize("document", ONE_CASE.values(), ids=ONE_CASE)
def test_one_patient_with_vitiligo_is_one_case_with_one_diagnosis(document: Json) -> None:
    kept = json.dumps(document)
    case, _ = fv.from_fhir(document)
    assert [str(one.name) for one in case.diagnoses] == ["Vitiligo"]
    assert str(case.subject.sex) == "female"
    assert not case.assessments
    assert json.dumps(document) == kept


def test_of_a_history_the_newest_counts_and_the_older_are_named() -> None:
    case, residue = fv.from_fhir(ONE_CASE["a history"])
    assert str(case.diagnoses[0].onset) == "late"
    assert {"resource": "Condition/c1", "expression": "Condition.onset", "value": "early"} in residue


def test_what_a_history_says_was_deleted_is_not_there() -> None:
    gone = {"request": {"method": "DELETE", "url": "Condition/c1"}}
    case, residue = fv.from_fhir(bundle(gone, CONDITION, PATIENT, kind="history"))
    assert not case.diagnoses
    assert "56727007" in [leaf["value"] for leaf in residue]


def test_what_is_of_no_patient_is_named_and_given_to_none() -> None:
    _, residue = fv.from_fhir(ONE_CASE["the score of a group"])
    assert {"resource": "Observation/o", "expression": "Observation.value", "value": 4} in residue
    with pytest.raises(fv.MappingError, match="no resource here"):
        fv.from_fhir(of("Group/g", SCORE))


def test_two_patients_are_two_cases_and_what_may_be_of_either_is_of_none() -> None:
    whose = {
        "resourceType": "Observation",
        "id": "x",
        "status": "final",
        "code": {"text": "DLQI"},
        "valueInteger": 9,
    }
    second = {**PATIENT, "id": "p2", "gender": "male"}
    document = bundle(PATIENT, CONDITION, second, {**of("Patient/p2"), "id": "c2"}, whose)
    (first, left), (other, nothing) = fv.cases_from_fhir(document)
    assert [(case.id, str(case.subject.sex)) for case in (first, other)] == [("p1", "female"), ("p2", "male")]
    assert [len(case.diagnoses) for case in (first, other)] == [1, 1]
    assert not first.assessments
    assert not other.assessments
    assert 9 in [leaf["value"] for leaf in left]
    assert nothing == []
    with pytest.raises(fv.MappingError, match="2 patients"):
        fv.from_fhir(document)


def test_the_same_id_on_two_servers_is_two_patients() -> None:
    servers = "http://a.org/fhir", "http://b.org/fhir"
    document = bundle(
        *(
            at(f"{server}/{kind['resourceType']}/{kind['id']}", kind)
            for server, sex in zip(servers, ("female", "male"), strict=True)
            for kind in ({**PATIENT, "gender": sex}, CONDITION)
        )
    )
    first, second = (case for case, _ in fv.cases_from_fhir(document))
    assert [str(case.subject.sex) for case in (first, second)] == ["female", "male"]
    assert first.id == "p1"
    assert second.id != first.id
    assert [len(case.diagnoses) for case in (first, second)] == [1, 1]


def test_contained_drugs_of_the_same_id_are_each_their_holders() -> None:
    reason = {"reasonCode": [VITILIGO]}
    document = bundle(
        PATIENT, CONDITION, *(statement(name, **reason) for name in ("tacrolimus ointment", "mometasone"))
    )
    case, _ = fv.from_fhir(document)
    names = {product.key: str(product.name) for product in case.products}
    assert [names[one.product or ""] for one in case.interventions] == ["tacrolimus ointment", "Mometasone"]


def test_an_empty_answer_is_said_to_be_one() -> None:
    for nothing in ({"resourceType": "Bundle", "type": "searchset", "total": 0}, []):
        with pytest.raises(fv.MappingError, match="no resource here to make a case of"):
            fv.from_fhir(nothing)


def request(**more: Any) -> Json:
    """An order of a drug for vitiligo."""
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "tacrolimus"},
        "reasonCode": [VITILIGO],
        **more,
    }


NOT_READ: dict[str, Json] = {
    "an order not to give": request(doNotPerform=True),
    "an order not to give what it contains": {
        **statement("tacrolimus", resourceType="MedicationRequest", intent="order"),
        "doNotPerform": True,
    },
    "a score that was cancelled": {**SCORE, "status": "cancelled"},
    "an unknown modifier": {
        **CONDITION,
        "modifierExtension": [{"url": "http://registry.test/not", "valueBoolean": True}],
    },
    "an unknown modifier within": {
        **SCORE,
        "component": [
            {"code": {"text": "dlqi-1"}, "modifierExtension": [{"url": "http://registry.test/not"}]}
        ],
    },
    "rules of somebody's own": {**CONDITION, "implicitRules": "http://registry.test/rules"},
}
NOT_READ["a supply that did not take place"] = {
    **request(), "resourceType": "MedicationDispense", "status": "declined",
}  # fmt: skip


@pytest.mark.parametrize("resource", NOT_READ.values(), ids=NOT_READ)
def test_what_means_the_opposite_or_something_unknown_is_named_and_not_read(resource: Json) -> None:
    case, residue = fv.from_fhir(bundle(PATIENT, resource))
    assert str(case.subject.sex) == "female"
    assert case == fv.from_fhir(PATIENT)[0]
    assert len(residue) > 3


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (request(), "active"),
        (request(status="cancelled"), "not-done"),
        (request(intent="proposal"), "planned"),
        (statement("tacrolimus", reasonCode=[VITILIGO], status="not-taken"), "not-done"),
    ],
)
def test_no_treatment_is_made_of_what_was_not_given(resource: Json, status: str) -> None:
    case, _ = fv.from_fhir(bundle(PATIENT, resource))
    assert [str(one.status) for one in case.interventions] == [status]


def test_r5_is_told_from_r4_without_being_said() -> None:
    case = fv.example("nsv-nbuvb")
    assert fv.from_fhir(fv.to_fhir(case, "r5")) == (case, [])


def test_r5_that_is_taken_for_r4_loses_nothing() -> None:
    document = fv.to_fhir(fv.example("nsv-nbuvb"), "r5")
    case, residue = fv.from_fhir(document, "r4")
    assert case.id == fv.example("nsv-nbuvb").id
    named = {(leaf["resource"].partition("/")[0], leaf["expression"]) for leaf in residue}
    assert ("Encounter", "Encounter.actualPeriod.start") in named


def test_numbers_that_python_read_as_floats_are_read_as_they_were_written() -> None:
    score = {**SCORE, "code": {"text": "VASI"}, "valueQuantity": {"value": 1.5}}
    del score["valueInteger"]
    case, residue = fv.from_fhir(score)
    assert str(case.assessments[0].total) == "1.5"
    assert not [leaf for leaf in residue if "value" in leaf["expression"]]


def nested(depth: int) -> Any:
    node: Any = "x"
    for _ in range(depth):
        node = {"extension": [node]}
    return node


NO_FHIR: dict[str, tuple[Any, str]] = {
    "no resource type": (bundle({"resource": {"id": "x"}}), "a JSON object with a resourceType"),
    "entries that are no list": ({"resourceType": "Bundle", "entry": {}}, "must be a list"),
    "an entry that is no object": ({"resourceType": "Bundle", "entry": [1]}, "must be an object"),
    "an object of Python's": ({**CONDITION, "note": object()}, "cannot be JSON"),
    "half a character": ({**CONDITION, "note": "\ud800"}, "cannot be JSON"),
    "no number": ({**SCORE, "valueQuantity": {"value": float("nan")}}, "nan is no number"),
    "nested without end": ({**CONDITION, "note": nested(100_000)}, "nested too deeply"),
    "a word": ("Patient", "cannot be read"),
}


@pytest.mark.parametrize(("document", "sentence"), NO_FHIR.values(), ids=NO_FHIR)
def test_what_is_no_fhir_is_refused_in_one_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(fv.InputError, match=sentence):
        fv.from_fhir(document)
