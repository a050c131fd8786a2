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


@pytest.mark.parametrize("full_url", ["uuid", "c"])
@pytest.mark.parametrize(
    ("reference", "names_one"),
    [
        ("Patient/1", True),
        ("Patient/1/_history/2", True),
        ("http://acme.test/fhir/Patient/1", True),
        ("urn:uuid:00000000-0000-4000-8000-000000000002", True),
        ("Patient?identifier=a", True),
        ("00000000-0000-4000-8000-000000000002", False),
        ("Patient", False),
        ("/Patient/1", False),
        ("../Patient/1", False),
        ("Patient/1/_history", False),
    ],
)
def test_a_relative_reference_in_a_bundle_is_a_type_and_an_id(
    reference: str, names_one: bool, full_url: str
) -> None:
    expected = [] if names_one else [("reference", "Bundle.entry[0].resource.subject")]
    assert told(bundle(**{full_url: condition(reference)})) == expected


def test_the_type_of_a_target_that_is_not_at_hand_has_to_be_allowed() -> None:
    resource = condition("urn:uuid:00000000-0000-4000-8000-000000000002")
    resource["subject"]["type"] = "Patient"
    assert told(resource) == []
    resource["subject"]["type"] = "Medication"
    assert told(resource) == [("reference-type", "Condition.subject")]


@pytest.mark.parametrize(
    ("reference", "full_url", "place"),
    [
        ("Patient/1", f"{BASE}/Patient/1", None),
        ("Patient/1", "http://elsewhere.test/Patient/1", "Bundle.entry[1].resource.subject"),
        ("Patient/1/_history/2", f"{BASE}/Patient/1", "Bundle.entry[1].resource.subject"),
        ("Patient/2", f"{BASE}/Patient/1", None),
    ],
)
def test_a_document_tells_a_reference_that_misses_an_entry(
    reference: str, full_url: str, place: str | None
) -> None:
    composition = {
        "resourceType": "Composition",
        "id": "k",
        "section": [{"entry": [{"reference": "Condition/c"}]}],
        "subject": {"reference": full_url},
    }
    entries = {f"{BASE}/Composition/k": composition, f"{BASE}/Condition/c": condition(reference)}
    document = {
        "resourceType": "Bundle",
        "type": "document",
        "entry": [{"fullUrl": url, "resource": one} for url, one in {**entries, full_url: PATIENT}.items()],
    }
    missed = [where for rule, where in told(document) if rule == "bundle-target"]
    assert missed == ([place] if place else [])


@pytest.mark.parametrize(
    ("source", "rules"),
    [
        ("http://acme.test/a.png", []),
        ("", ["xhtml-link"]),
        ("a b.png", ["xhtml-link"]),
        ("#", ["xhtml-target"]),
    ],
)
def test_a_picture_in_a_narrative_is_somewhere(source: str, rules: list[str]) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">a <img src="{source}" alt="a"/></div>'
    patient = {**PATIENT, "text": {"status": "generated", "div": div}}
    assert [rule for rule, _ in told(patient)] == rules
