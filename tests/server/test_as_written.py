"""Numbers keep the form they were written in, whatever is done with the rest of the resource."""

from __future__ import annotations

import base64

import pytest

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.as_written import AsWritten

from .support import Client

NUMBERS = ("0.0000001", "1E3", "1.50", "-0.000000120", "1e-9", "100", "2.0E+5")
QUANTITIES = ",".join(f'{{"url":"urn:n","valueDecimal":{number}}}' for number in NUMBERS)
BODY = f'{{"resourceType":"Basic","id":"n","code":{{"text":"n"}},"extension":[{QUANTITIES}]}}'.encode()
OPERATION = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
    {"name": "type", "valueCode": "replace"},
    {"name": "path", "valueString": "Basic.code.text"},
    {"name": "value", "valueString": "m"},
]}]}  # fmt: skip
JSON_PATCH = [{"op": "replace", "path": "/code/text", "value": "m"}]


@pytest.fixture(autouse=True)
def stored(client: Client) -> None:
    assert client.send("PUT", "/fhir/Basic/n", BODY).status_code == 201


def of_json(text: str) -> tuple[str, ...]:
    return tuple(part.split("}")[0].strip() for part in text.split('"valueDecimal":')[1:])


@pytest.mark.parametrize("query", ["", "_pretty=true", "_elements=extension", "_summary=data"])
def test_numbers_are_sent_as_they_came(client: Client, query: str) -> None:
    assert of_json(client.get(f"/fhir/Basic/n?{query}").text) == NUMBERS
    assert of_json(client.get(f"/fhir/Basic?{query}").text) == NUMBERS


@pytest.mark.parametrize("query", ["", "_pretty=true", "_elements=extension"])
def test_numbers_are_sent_as_they_came_in_xml(client: Client, query: str) -> None:
    text = client.get(f"/fhir/Basic/n?{query}", headers={"Accept": "application/fhir+xml"}).text
    assert tuple(part.split('"')[0] for part in text.split('<valueDecimal value="')[1:]) == NUMBERS


@pytest.mark.parametrize(
    ("media", "patch"),
    [
        ("application/json-patch+json", JSON_PATCH),
        ("application/merge-patch+json", {"code": {"text": "m"}}),
        ("application/fhir+json", OPERATION),
    ],
)
def test_a_patch_of_something_else_leaves_them(client: Client, media: str, patch: object) -> None:
    answer = client.send("PATCH", "/fhir/Basic/n", patch, Content_Type=media)
    assert answer.status_code == 200
    assert answer.json()["code"]["text"] == "m"
    assert of_json(answer.text) == of_json(client.get("/fhir/Basic/n").text) == NUMBERS


def test_a_patch_in_a_transaction_leaves_them(client: Client) -> None:
    data = base64.b64encode(json.dumps(JSON_PATCH)).decode()
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
    for resource in (OPERATION, binary):
        entry = {"resource": resource, "request": {"method": "PATCH", "url": "Basic/n"}}
        answer = client.send(
            "POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        )
        assert answer.status_code == 200, answer.text
        assert of_json(client.get("/fhir/Basic/n").text) == NUMBERS


def test_a_tag_leaves_them(client: Client) -> None:
    meta = {"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "t"}]}}
    answer = client.send(
        "POST", "/fhir/Basic/n/$meta-add", {"resourceType": "Parameters", "parameter": [meta]}
    )
    assert answer.status_code == 200
    assert client.get("/fhir/Basic/n").json()["meta"]["versionId"] == "2"
    assert of_json(client.get("/fhir/Basic/n").text) == NUMBERS


def test_another_release_leaves_them(client: Client) -> None:
    r5 = "application/fhir+json; fhirVersion=5.0"
    quantity = '{"value":0.0000001,"unit":"x"}'
    body = f'{{"resourceType":"Observation","id":"q","status":"final","code":{{"text":"x"}},"valueQuantity":{quantity}}}'
    assert client.send("PUT", "/fhir/Observation/q", body.encode(), Content_Type=r5).status_code == 201
    assert quantity in client.get("/fhir/Observation/q").text
    assert quantity in client.get("/fhir/Observation/q", headers={"Accept": r5}).text


def test_a_part_and_a_copy_keep_them() -> None:
    read = AsWritten(b'{"a":[{"b":1E3,"c":1.50}],"d":{"e":0.0000001}}')
    assert json.dumps(read.value) == b'{"a":[{"b":1E+3,"c":1.50}],"d":{"e":1E-7}}'
    assert read.dumps({"x": read.value["a"][0], "y": [read.value["d"]["e"], 1]}) == (
        b'{"x":{"b":1E3,"c":1.50},"y":[0.0000001,1]}'
    )
