"""What is written is the whole resource as it was meant: no part of one, and no member that takes another's place."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.repeated_members import repeated_members

from .support import Client, told

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "a",
    "gender": "female",
    "birthDate": "1990-01-01",
    "name": [{"family": "Vitalis"}],
}


@pytest.mark.parametrize("query", ["_elements=name", "_summary=true", "_summary=text", "_summary=data"])
@pytest.mark.parametrize("level", ["client", "strict"])
def test_a_part_does_not_take_the_place_of_the_whole(
    query: str, level: str, request: pytest.FixtureRequest
) -> None:
    client: Client = request.getfixturevalue(level)
    client.put(PATIENT)
    part = client.get(f"/fhir/Patient/a?{query}").json()
    answer = client.send("PUT", "/fhir/Patient/a", part)
    assert answer.status_code == 422
    assert "only a part of a resource" in told(answer)
    assert answer.json()["issue"][0]["expression"] == ["Patient.meta.tag[0]"]
    assert client.send("PUT", "/fhir/Patient?family=Vitalis", part).status_code == 422
    for kind in ("batch", "transaction"):
        entry = {"resource": part, "request": {"method": "PUT", "url": "Patient/a"}}
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        posted = client.send("POST", "/fhir", bundle)
        assert "only a part of a resource" in posted.text
    assert client.get("/fhir/Patient/a").json()["gender"] == "female"
    assert client.get("/fhir/Patient/a").json()["meta"]["versionId"] == "1"


def test_what_says_no_longer_that_it_is_a_part_is_stored(client: Client) -> None:
    client.put({**PATIENT, "meta": {"tag": [{"system": "urn:x", "code": "SUBSETTED"}]}})


TWICE = b'{"resourceType":"Patient","id":"a","active":true,\n"active":false}'


@pytest.mark.parametrize(
    ("method", "url", "body", "headers"),
    [
        ("POST", "/fhir/Patient", TWICE, {}),
        ("PUT", "/fhir/Patient/a", TWICE, {}),
        ("PUT", "/fhir/Patient?_id=a", TWICE, {}),
        ("PATCH", "/fhir/Patient/a", TWICE, {"Content-Type": "application/merge-patch+json"}),
        ("POST", "/fhir/Patient", TWICE.replace(b"id", b"i\\u0064"), {}),
        ("POST", "/fhir/Patient", TWICE, {"Content-Type": "application/fhir+json; fhirVersion=5.0"}),
        (
            "POST",
            "/fhir",
            b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":'
            + TWICE
            + b',"request":{"method":"POST","url":"Patient"}}]}',
            {},
        ),
        (
            "POST",
            "/fhir",
            b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":'
            + TWICE
            + b',"request":{"method":"PUT","url":"Patient/a"}}]}',
            {},
        ),
        ("POST", "/fhir", b'{"resourceType":"Bundle","type":"batch","active":[],"active":[]}', {}),
    ],
)
def test_a_member_that_stands_twice_is_refused(
    client: Client, method: str, url: str, body: bytes, headers: dict[str, str]
) -> None:
    client.put(PATIENT)
    answer = client.send(method, url, body, **headers)
    assert answer.status_code == 400
    assert "`active` stands twice in this object" in told(answer)
    assert client.get("/fhir/Patient/a").json()["meta"]["versionId"] == "1"


def test_validate_tells_it(client: Client) -> None:
    answer = client.send("POST", "/fhir/Patient/$validate", TWICE)
    assert answer.status_code == 200
    assert "`active` stands twice in this object (first in line 1): leave one out." in told(answer)
    issue = next(one for one in answer.json()["issue"] if "twice" in one["diagnostics"])
    assert (issue["severity"], issue["expression"]) == ("error", ["Patient"])
    inside = b'{"resourceType":"Parameters","parameter":[{"name":"resource","resource":' + TWICE + b"}]}"
    assert "`active` stands twice" in told(client.send("POST", "/fhir/$validate", inside))


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": {"a": 1}, "b": [{"a": 1.50}, {"a": 1e-9}]}',
        '{"a":"\\u00e9 \\/ ü","b":"\\ud83d\\ude00","\\u0061b":1}'.encode(),
        b'{"a":0.0000001,"b":100000000000000000000000000}',
    ],
)
def test_what_is_written_otherwise_is_not_said_to_stand_twice(text: bytes) -> None:
    assert repeated_members(text, json.loads(text)) == repeated_members(text) == []


def test_a_name_written_in_two_ways_is_one() -> None:
    text = b'{"a":1,"\\u0061":2}'
    assert len(repeated_members(text, json.loads(text))) == 1


@pytest.mark.parametrize("escape", ["\\u0000", "\\u001F", "\\\\\\u0008"])
def test_a_control_character_is_refused(client: Client, escape: str) -> None:
    client.put(PATIENT)
    patient = '{"resourceType":"Patient",\n"name":[{"family":"a' + escape + '"}]}'
    entry = '{"resource":' + patient + ',"request":{"method":"POST","url":"Patient"}}'
    batch = '{"resourceType":"Bundle","type":"batch","entry":[' + entry + "]}"
    for method, url, body in (
        ("POST", "/fhir/Patient", patient),
        ("PATCH", "/fhir/Patient/a", patient),
        ("POST", "/fhir", batch),
    ):
        answer = client.send(method, url, body.encode())
        assert answer.status_code == 422, (url, answer.text)
        assert "a string has the control character U+00" in told(answer)
        assert told(answer).startswith("2:")


def test_what_only_looks_like_a_control_character_is_kept(client: Client) -> None:
    for text in (b"a\\\\u0000", b"\\u0009\\u000a\\u000D", b"\\u00e9"):
        body = b'{"resourceType":"Patient","name":[{"family":"' + text + b'"}]}'
        answer = client.send("POST", "/fhir/Patient", body)
        assert answer.status_code == 201, answer.text
        assert text in answer.content
