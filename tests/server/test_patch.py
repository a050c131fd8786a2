"""Patches of each kind, by id and by condition; updates and deletes by condition."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from .support import Client

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:x", "value": "1"}],
    "name": [{"family": "Chandra", "given": ["A", "B"]}],
    "active": True,
}


@pytest.fixture
def patient(client: Client) -> str:
    return str(client.send("POST", "/fhir/Patient", PATIENT).json()["id"])


def patched(client: Client, url: str, body: Any, media: str) -> Any:
    content = body.encode() if isinstance(body, str) else json.dumps(body)
    return client.request("PATCH", url, content=content, headers={"content-type": media})


def operation(kind: str, **parts: Any) -> dict[str, Any]:
    names = {
        "path": "valueString",
        "name": "valueString",
        "index": "valueInteger",
        "source": "valueInteger",
        "destination": "valueInteger",
    }
    told: list[dict[str, Any]] = [{"name": "type", "valueCode": kind}]
    for name, value in parts.items():
        told.append({"name": name, names[name]: value} if name in names else {"name": name, **value})
    return {"name": "operation", "part": told}


def parameters(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}


def test_a_json_patch(client: Client, patient: str) -> None:
    body = [
        {"op": "replace", "path": "/name/0/family", "value": "Other"},
        {"op": "add", "path": "/birthDate", "value": "2005"},
    ]
    answer = patched(client, f"/fhir/Patient/{patient}", body, "application/json-patch+json; charset=UTF-8")
    assert answer.status_code == 200
    assert answer.json()["name"][0]["family"] == "Other"
    assert answer.json()["birthDate"] == "2005"
    assert answer.json()["meta"]["versionId"] == "2"


@pytest.mark.parametrize(
    "media", ["application/merge-patch+json", "application/json", "application/fhir+json"]
)
def test_a_merge_patch(client: Client, patient: str, media: str) -> None:
    answer = patched(client, f"/fhir/Patient/{patient}", {"birthDate": "2005-01", "active": None}, media)
    assert answer.json()["birthDate"] == "2005-01"
    assert "active" not in answer.json()


@pytest.mark.parametrize(
    ("change", "element", "expected"),
    [
        (
            operation("replace", path="Patient.name[0].family", value={"valueString": "Other"}),
            "name",
            [{"family": "Other", "given": ["A", "B"]}],
        ),
        (
            operation("add", path="Patient", name="birthDate", value={"valueDate": "2005"}),
            "birthDate",
            "2005",
        ),
        (
            operation("add", path="Patient.name[0]", name="given", value={"valueString": "C"}),
            "name",
            [{"family": "Chandra", "given": ["A", "B", "C"]}],
        ),
        (
            operation("add", path="Patient", name="deceased", value={"valueBoolean": False}),
            "deceasedBoolean",
            False,
        ),
        (operation("delete", path="Patient.active"), "active", None),
        (
            operation("delete", path="Patient.name[0].given[0]"),
            "name",
            [{"family": "Chandra", "given": ["B"]}],
        ),
        (
            operation("insert", path="Patient.name[0].given", index=0, value={"valueString": "0"}),
            "name",
            [{"family": "Chandra", "given": ["0", "A", "B"]}],
        ),
        (
            operation("move", path="Patient.name[0].given", source=0, destination=1),
            "name",
            [{"family": "Chandra", "given": ["B", "A"]}],
        ),
        (
            operation(
                "add",
                path="Patient",
                name="contact",
                value={
                    "part": [
                        {"name": "name", "valueHumanName": {"text": "a friend"}},
                        {"name": "gender", "valueCode": "other"},
                    ]
                },
            ),
            "contact",
            [{"name": {"text": "a friend"}, "gender": "other"}],
        ),
    ],
)
def test_a_fhirpath_patch(
    client: Client, patient: str, change: dict[str, Any], element: str, expected: Any
) -> None:
    answer = patched(client, f"/fhir/Patient/{patient}", parameters(change), "application/fhir+json")
    assert answer.status_code == 200, answer.json()
    assert answer.json().get(element) == expected


@pytest.mark.parametrize(
    ("body", "media", "status", "sentence"),
    [
        (
            [{"op": "test", "path": "/active", "value": False}],
            "application/json-patch+json",
            422,
            "operation 1 of 1 (test /active): it asks for false, and there is true",
        ),
        (
            [{"op": "remove", "path": "/nothing"}],
            "application/json-patch+json",
            422,
            "the patch does not fit the resource: operation 1 of 1 (remove /nothing): there is nothing at that place",
        ),
        (
            [{"op": "copy", "from": "/name/9", "path": "/name/0"}],
            "application/json-patch+json",
            422,
            "operation 1 of 1 (copy /name/9 /name/0)",
        ),
        ("[{]", "application/json-patch+json", 400, "1:3: not valid JSON"),
        ([{"op": "fly", "path": "/active"}], "application/json-patch+json", 400, "this is no JSON Patch"),
        (
            {"id": "another"},
            "application/merge-patch+json",
            422,
            "a patch changes neither the type nor the id",
        ),
        (
            parameters(operation("delete", path="Patient.name.given")),
            "application/fhir+json",
            422,
            "names 2 elements: delete takes one",
        ),
        (
            parameters(operation("add", path="Patient", name="nam", value={"valueString": "x"})),
            "application/fhir+json",
            422,
            "Patient has no element 'nam'",
        ),
        (parameters({"name": "op"}), "application/fhir+json", 400, "each parameter is called `operation`"),
        ("<x/>", "application/xml", 415, "a patch of type 'application/xml' is not read"),
    ],
)
def test_a_patch_that_does_not_fit_is_told_and_changes_nothing(
    client: Client, patient: str, body: Any, media: str, status: int, sentence: str
) -> None:
    answer = patched(client, f"/fhir/Patient/{patient}", body, media)
    assert answer.status_code == status
    assert sentence in answer.json()["issue"][0]["diagnostics"]
    assert client.get(f"/fhir/Patient/{patient}").json()["meta"]["versionId"] == "1"


def test_a_patch_obeys_if_match(client: Client, patient: str) -> None:
    headers = {"content-type": "application/merge-patch+json", "if-match": 'W/"7"'}
    assert (
        client.request(
            "PATCH", f"/fhir/Patient/{patient}", json={"active": False}, headers=headers
        ).status_code
        == 412
    )


def test_a_patch_by_condition(client: Client, patient: str) -> None:
    answer = patched(client, "/fhir/Patient?identifier=urn:x|1", {"active": False}, "application/json")
    assert (answer.status_code, answer.json()["id"], answer.json()["active"]) == (200, patient, False)
    none = patched(client, "/fhir/Patient?identifier=urn:x|9", {"active": False}, "application/json")
    assert none.status_code == 404


def test_an_update_by_condition(client: Client, patient: str) -> None:
    changed = PATIENT | {"active": False}
    answer = client.send("PUT", "/fhir/Patient?identifier=urn:x|1", changed)
    assert (answer.status_code, answer.json()["id"], answer.json()["meta"]["versionId"]) == (
        200,
        patient,
        "2",
    )
    other = PATIENT | {"identifier": [{"system": "urn:x", "value": "2"}]}
    created = client.send("PUT", "/fhir/Patient?identifier=urn:x|2", other)
    assert created.status_code == 201
    client.send("PUT", "/fhir/Patient/second", PATIENT | {"id": "second"})
    assert client.send("PUT", "/fhir/Patient?identifier=urn:x|1", changed).status_code == 412


def test_a_delete_by_condition(client: Client, patient: str) -> None:
    assert client.request("DELETE", "/fhir/Patient?identifier=urn:x|9").status_code == 204
    assert client.request("DELETE", "/fhir/Patient?identifier=urn:x|1").status_code == 204
    assert client.get(f"/fhir/Patient/{patient}").status_code == 410
    assert client.request("DELETE", "/fhir/Patient").status_code == 400


MERGE = '{"valueQuantity":{"value":NUMBER}}'
BY_PATH = (
    '{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},'
    '{"name":"path","valueString":"Observation.value.value"},{"name":"value","valueDecimal":NUMBER}]}]}'
)
BY_POINTER = '[{"op":"replace","path":"/valueQuantity/value","value":NUMBER}]'
OBSERVATION = b'{"resourceType":"Observation","id":"o","status":"final","valueQuantity":{"value":1}}'


def binary(patch: str) -> str:
    data = base64.b64encode(patch.encode()).decode()
    return json.dumps({"resourceType": "Binary", "contentType": "application/merge-patch+json", "data": data})


@pytest.mark.parametrize("number", ["0.0000001", "1.10e2", "1E3", "5.60"])
@pytest.mark.parametrize(
    ("media", "patch"),
    [
        ("application/json-patch+json", BY_POINTER),
        ("application/merge-patch+json", MERGE),
        ("application/fhir+json", BY_PATH),
    ],
)
def test_a_number_in_a_patch_is_stored_as_it_was_written(
    client: Client, media: str, patch: str, number: str
) -> None:
    client.send("PUT", "/fhir/Observation/o", OBSERVATION)
    answer = patched(client, "/fhir/Observation/o", patch.replace("NUMBER", number), media)
    assert f'"value":{number}' in answer.text, answer.text


@pytest.mark.parametrize("number", ["0.0000001", "1.10e2"])
@pytest.mark.parametrize("way", ["transaction", "batch"])
@pytest.mark.parametrize("resource", [BY_PATH, MERGE])
def test_a_number_in_the_patch_of_an_entry_is_too(
    client: Client, way: str, resource: str, number: str
) -> None:
    client.send("PUT", "/fhir/Observation/o", OBSERVATION)
    resource = resource.replace("NUMBER", number)
    resource = resource if "Parameters" in resource else binary(resource)
    entry = '{"request":{"method":"PATCH","url":"Observation/o"},"resource":' + resource + "}"
    text = '{"resourceType":"Bundle","type":"' + way + '","entry":[' + entry + "]}"
    assert client.send("POST", "/fhir", text.encode()).status_code == 200
    assert f'"value":{number}' in client.get("/fhir/Observation/o").text
