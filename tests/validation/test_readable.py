"""What is malformed is told once, for its form; then it is missing, and what is left is judged as any resource."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import schemas_of
from fhir_vitiligo.validation.readable import Reading
from tests.validation.profiles import element, errors, profile, told

Json = dict[str, Any]


def read(resource: Json) -> Json:
    return Reading(resource, schemas_of(Release.R4)).resource


def patient(**members: Any) -> Json:
    return {"resourceType": "Patient", **members}


READ: dict[str, tuple[Json, Json]] = {
    "unknown member": ({"nam": "x", "active": True}, {"active": True}),
    "object where a value belongs": ({"gender": {"value": "male"}}, {}),
    "array where one belongs": ({"gender": ["male"], "maritalStatus": [{"text": "x"}]}, {}),
    "one where many belong": ({"name": {"text": "A"}}, {"name": [{"text": "A"}]}),
    "one value where many belong": ({"name": [{"given": "A"}]}, {"name": [{}]}),
    "text where an object belongs": ({"name": ["A", {"text": "B"}]}, {"name": [None, {"text": "B"}]}),
    "nothing left of a list": ({"name": ["A"], "contact": []}, {}),
    "number in quotes": ({"multipleBirthInteger": "2"}, {"multipleBirthInteger": 2}),
    "text without quotes": ({"id": 12, "language": True}, {"id": "12", "language": "true"}),
    "truth in quotes": ({"active": "true"}, {"active": True}),
    "no such value": ({"active": "yes", "multipleBirthInteger": "two"}, {"active": "yes", "multipleBirthInteger": "two"}),
    "a value and a companion of the wrong form": ({"birthDate": "2000", "_birthDate": "x"}, {}),
    "companions": (
        {"_birthDate": {"id": "a", "foo": 1}, "name": [{"given": ["A", None], "_given": [None, {"id": "b"}]}]},
        {"_birthDate": {"id": "a"}, "name": [{"given": ["A", None], "_given": [None, {"id": "b"}]}]},
    ),
    "a value and its companion in a list": (
        {"name": [{"given": ["A", {"x": 1}], "_given": [None, {"id": "b"}]}]},
        {"name": [{"given": ["A", None]}]},
    ),
    "a resource of no type": ({"contained": [{"resourceType": "Person!", "id": "a"}]}, {"contained": [{}]}),
    "a resource inside": (
        {"contained": [{"resourceType": "Organization", "id": "o", "nam": 1}]},
        {"contained": [{"resourceType": "Organization", "id": "o"}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_a_reader_makes_of_it(name: str) -> None:
    written, expected = READ[name]
    assert read(patient(**written)) == patient(**expected)


def test_numbers_keep_their_digits() -> None:
    observation = {"resourceType": "Observation", "valueQuantity": {"value": "1.50"}}
    assert str(read(observation)["valueQuantity"]["value"]) == "1.50"
    assert read({"resourceType": "Observation", "valueString": Decimal("0.10")})["valueString"] == "0.10"


def test_an_object_that_nothing_is_left_of_counts_and_is_not_found() -> None:
    reading = Reading(patient(contact=[{"organization": "x"}], name=[{"text": "A"}]), schemas_of(Release.R4))
    assert reading.resource["contact"] == [{}]
    assert reading.seen(reading.resource) == patient(name=[{"text": "A"}])
    assert reading.seen(reading.resource["name"][0]) is reading.resource["name"][0]


def condition(**members: Any) -> Json:
    return {"resourceType": "Condition", "subject": {"display": "he"}, **members}


def test_what_cannot_be_read_is_missing_for_a_profile() -> None:
    asked = profile("coded", "Condition", element("code", min=1))
    assert told(condition(code="vitiligo"), asked) == [
        ("type", "Condition.code"),
        ("cardinality", "Condition"),
    ]
    assert told(condition(code={"text": "vitiligo"}), asked) == []


def test_what_cannot_be_read_is_missing_for_an_invariant() -> None:
    stage = {"summary": "II", "type": {"text": "T"}}
    assert told(condition(stage=[stage])) == [
        ("type", "Condition.stage[0].summary"),
        ("con-1", "Condition.stage[0]"),
    ]


def test_what_is_malformed_inside_is_missing_around_it() -> None:
    # Nothing is left of the coding, nor of the concept, which is then no value of the element.
    stage = {"summary": {"coding": ["II"]}, "type": {"text": "T"}}
    assert ("con-1", "Condition.stage[0]") in told(condition(stage=[stage]))


def test_a_contained_resource_that_cannot_be_read_is_not_there() -> None:
    broken = condition(contained=[{"id": "p"}], subject={"reference": "#p"})
    assert {rule for rule, _ in told(broken)} >= {"resource-type", "reference-unresolved"}


def test_a_value_of_another_kind_is_told_once() -> None:
    (issue,) = errors(patient(birthDate=12))
    assert (issue.rule, issue.expression) == ("primitive", "Patient.birthDate")
    assert errors(patient(multipleBirthInteger="2"))[0].text.endswith("without quotes.")


def test_faults_keep_the_order_of_the_resource() -> None:
    broken = patient(gender="x", name=[{"family": 1}], contact=[{"organization": "x"}], birthDate="x", foo=1)
    assert [place for _, place in told(broken)] == [
        *("Patient.gender", "Patient.name[0].family", "Patient.contact[0].organization"),
        *("Patient.contact[0]", "Patient.birthDate", "Patient"),
    ]


def test_a_companion_that_nothing_is_left_of_is_told() -> None:
    assert told(patient(_birthDate={"extension": []})) == [
        ("ele-1", "Patient.birthDate.extension"),
        ("ele-1", "Patient.birthDate"),
    ]
