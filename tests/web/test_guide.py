"""The guide of the server says what is there: its examples are answered, its operations are those that are served."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.operations.table import served
from tests.server.support import Client

GUIDE = (Path(__file__).parents[2] / "docs" / "server.md").read_text()
EXAMPLES = [
    line.removeprefix("GET ")
    for block in re.findall(r"```http\n(.*?)```", GUIDE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("url", EXAMPLES)
def test_an_example_is_answered(client: Client, url: str) -> None:
    for family in ("Vital", "Vitalis"):
        client.put({"resourceType": "Patient", "id": "p1", "name": [{"family": family}]})
    client.put({"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}})
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.json()["resourceType"] != "OperationOutcome"


def test_a_case_goes_in_and_comes_back(client: Client) -> None:
    (sent,) = re.findall(r"to-fhir -d '(.*?)'\n```", GUIDE, re.DOTALL)
    bundle = client.send("POST", "/fhir/$to-fhir", json.loads(sent.encode()))
    assert bundle.json()["type"] == "collection", bundle.text
    told = client.send("POST", "/fhir/$from-fhir", bundle.json()).json()["parameter"]
    (content,) = [part["valueString"] for part in told[0]["part"] if part["name"] == "content"]
    again = {"resourceType": "Parameters", "parameter": [{"name": "case", "valueString": content}]}
    assert client.send("POST", "/fhir/$to-fhir", again).json()["type"] == "transaction"
    refused = client.send("POST", "/fhir/$to-fhir", {"id": "c1"})
    assert "$to-fhir takes a Parameters resource, and what came has no `resourceType`" in refused.text


def test_its_operations_are_those_that_are_served() -> None:
    section = GUIDE.partition("## Operations")[2].partition("```")[0]
    assert set(re.findall(r"\$([a-z-]+)", section)) == set(served(Release.R4))


@pytest.mark.parametrize(
    "query", ["_text=a", "_content=a", "_filter=a", "_contained=true", "_query=a", "phonetic=a"]
)
def test_what_it_says_is_not_searched_is_refused_by_name(client: Client, query: str) -> None:
    answer = client.get(f"/fhir/Patient?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.text
    assert f"`{query.partition('=')[0]}`" in GUIDE


def test_another_release_is_refused(client: Client) -> None:
    headers = {"Accept": "application/fhir+json; fhirVersion=4.3"}
    assert client.get("/fhir/Patient", headers=headers).status_code == 406
