"""References: contained, within a Bundle, and of the right type (https://hl7.org/fhir/R4/references.html)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.validation.profiles import errors, told

UUID = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
BASE = "http://example.org/fhir"
PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "1"}


def condition(reference: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "c", "subject": {"reference": reference}, **more}


def bundle(**entries: dict[str, Any]) -> dict[str, Any]:
    """A transaction; names are ``uuid`` or an id under ``BASE``."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": UUID if name == "uuid" else f"{BASE}/{one['resourceType']}/{one['id']}",
                "resource": one,
                "request": {"method": "POST", "url": one["resourceType"]},
            }
            for name, one in entries.items()
        ],
    }


PLACE = ("reference-type", "Bundle.entry[1].resource.subject")
DEVICE = {"resourceType": "Practitioner", "id": "1"}


@pytest.mark.parametrize(
    ("reference", "target", "name", "expected"),
    [
        (UUID, PATIENT, "uuid", []),
        (UUID, DEVICE, "uuid", [PLACE]),
        (f"{BASE}/Patient/1", PATIENT, "a", []),
        ("Patient/1", PATIENT, "a", []),
        ("Practitioner/1", DEVICE, "a", [PLACE]),
        (f"{BASE}/Practitioner/1", DEVICE, "a", [PLACE]),
        # What is elsewhere may be anything.
        ("http://elsewhere.org/fhir/Practitioner/1", DEVICE, "a", []),
        ("Patient?identifier=a", PATIENT, "a", []),
    ],
)
def test_a_target_in_the_bundle_is_of_an_allowed_type(
    reference: str, target: dict[str, Any], name: str, expected: Any
) -> None:
    resource = bundle(**{name: target, "c": condition(reference)})
    assert [one for one in told(resource) if one[0].startswith("reference")] == expected


def test_a_contained_resource_has_to_be_there() -> None:
    (issue,) = (one for one in errors(condition("#p")) if one.rule == "reference-unresolved")
    assert issue.expression == "Condition.subject"
    assert issue.text == "`subject` refers to '#p', which is not among the contained resources."
    assert told(condition("#1", contained=[PATIENT])) == []


def test_the_type_that_a_reference_states_is_the_one_it_has() -> None:
    resource = condition("Patient/1")
    resource["subject"]["type"] = "Group"
    (issue,) = errors(resource)
    assert (issue.rule, issue.expression) == ("reference-type", "Condition.subject")
    assert issue.text == "`subject` says that it refers to a 'Group', and it refers to a Patient."


def test_an_address_alone_is_believed_only_when_asked() -> None:
    resource = condition("Practitioner/1")
    assert told(resource) == []
    assert told(resource, trust_references=True) == [("reference-type", "Condition.subject")]


def test_two_entries_of_one_name_are_told() -> None:
    resource = bundle(a=PATIENT, b=dict(PATIENT), c=condition("Patient/1"))
    assert ("reference-ambiguous", "Bundle.entry[2].resource.subject") in told(resource)


def test_contained_resources_hold_each_other() -> None:
    organization = {"resourceType": "Organization", "id": "o", "name": "A", "partOf": {"reference": "#q"}}
    other = {"resourceType": "Organization", "id": "q", "name": "B"}
    patient = {"resourceType": "Patient", "contained": [organization, other]}
    held = {**patient, "managingOrganization": {"reference": "#o"}}
    assert told(held) == []
    assert told(patient) == [("dom-3", "Patient.contained[0]"), ("dom-3", "Patient.contained[1]")]


def test_a_narrative_holds_a_contained_picture() -> None:
    picture = {"resourceType": "Binary", "id": "pic", "contentType": "image/png", "data": "AAAA"}
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><img src="#pic" alt="a"/></div>'
    patient = {"resourceType": "Patient", "contained": [picture], "text": {"status": "generated", "div": div}}
    assert told(patient) == []
    assert told({**patient, "text": {**patient["text"], "div": div.replace("#pic", "#gone")}}) == [
        ("xhtml-target", "Patient.text.div"),
        ("dom-3", "Patient.contained[0]"),
    ]
