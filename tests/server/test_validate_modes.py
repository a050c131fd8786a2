"""The modes of $validate: what the interaction of that name would say, without doing it.

https://hl7.org/fhir/R4/valueset-resource-validation-mode.html
"""

from __future__ import annotations

from typing import Any

import pytest

from .support import Client

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "link": [{"other": {"reference": "Patient/p"}, "type": "seealso"}],
}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"text": "x"},
    "subject": {"reference": "Patient/p"},
}


@pytest.fixture
def strict(strict: Client) -> Client:
    for one in (PATIENT, OBSERVATION):
        assert strict.send("PUT", f"/fhir/{one['resourceType']}/{one['id']}", one).status_code == 201
    return strict


def errors(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["details"]["text"] for one in answer.json()["issue"] if one["severity"] == "error"]


def parameters(mode: str, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    given = [] if resource is None else [{"name": "resource", "resource": resource}]
    return {"resourceType": "Parameters", "parameter": [*given, {"name": "mode", "valueCode": mode}]}


def test_what_is_referred_to_cannot_be_deleted(strict: Client) -> None:
    (text,) = errors(strict.get("/fhir/Patient/p/$validate?mode=delete"))
    assert text.startswith("Patient/p is referred to by Observation/o")
    assert strict.send("DELETE", "/fhir/Patient/p", None).status_code == 409


def test_what_only_refers_to_itself_can_be_deleted_and_is_not(strict: Client) -> None:
    strict.send("DELETE", "/fhir/Observation/o", None)
    # The content is not looked at.
    body = parameters("delete", {"resourceType": "Patient", "gender": "x"})
    answer = strict.send("POST", "/fhir/Patient/p/$validate", body)
    assert answer.json()["issue"][0]["details"]["text"] == "It can be deleted."
    assert len(answer.json()["issue"]) == 1
    assert strict.get("/fhir/Patient/p").json()["meta"]["versionId"] == "1"
    assert strict.get("/fhir/Patient/p/_history").json()["total"] == 1


def test_a_store_that_lets_go_of_what_is_referred_to_says_so(client: Client) -> None:
    for one in (PATIENT, OBSERVATION):
        client.send("PUT", f"/fhir/{one['resourceType']}/{one['id']}", one)
    assert errors(client.get("/fhir/Patient/p/$validate?mode=delete")) == []


def test_what_a_create_would_refuse(strict: Client) -> None:
    dangling = {
        "resourceType": "Patient",
        "managingOrganization": {"reference": "Organization/none"},
        "generalPractitioner": [{"reference": "urn:uuid:4b9a5bc3-4a5f-4c6a-8a0c-3f5ce2c6b1f0"}],
    }
    assert errors(strict.send("POST", "/fhir/Patient/$validate", dangling)) == []
    (text,) = errors(strict.send("POST", "/fhir/Patient/$validate?mode=create", dangling))
    assert "names an entry of a Bundle" in text
    del dangling["generalPractitioner"]
    (text,) = errors(strict.send("POST", "/fhir/Patient/$validate", parameters("create", dangling)))
    assert text.startswith("Organization/none is not here")


def test_what_an_update_would_refuse(strict: Client) -> None:
    assert errors(strict.send("POST", "/fhir/Patient/p/$validate?mode=update", PATIENT)) == []
    wrong = {**OBSERVATION, "subject": {"reference": "Patient/q"}}
    (text,) = errors(strict.send("POST", "/fhir/Observation/o/$validate?mode=update", wrong))
    assert text.startswith("Patient/q is not here")
    assert strict.get("/fhir/Observation/o").json()["subject"] == {"reference": "Patient/p"}


@pytest.mark.parametrize("mode", ["update", "delete"])
def test_what_is_stored_is_asked_about_by_its_address(strict: Client, mode: str) -> None:
    for body in (parameters(mode, PATIENT), parameters(mode)):
        answer = strict.send("POST", "/fhir/Patient/$validate", body)
        assert answer.status_code == 400
        assert f"the mode {mode} asks about a stored resource: send it to TYPE/ID/$validate" in answer.text
