"""A server has several names: what refers to it by one of them is found and kept by any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import FHIR_JSON, Client, told

PROXY = {"X-Forwarded-Host": "ehr.example", "X-Forwarded-Proto": "https"}
NAMES: list[dict[str, str]] = [{}, {"Host": "other.example:8000"}, PROXY]


@pytest.fixture
def client(strict: Client) -> Client:
    strict.put({"resourceType": "Patient", "id": "p", "name": [{"family": "Vitalis"}]})
    return strict


def observation(id: str, subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "urn:c", "code": "c"}]},
        "subject": {"reference": subject},
    }


def put(client: Client, id: str, subject: str, name: dict[str, str]) -> Any:
    body = observation(id, subject)
    return client.request("PUT", f"/fhir/Observation/{id}", json=body, headers={**FHIR_JSON, **name})


def ids(client: Client, query: str, name: dict[str, str]) -> list[str]:
    answer = client.get(f"/fhir/{query}", headers=name)
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    found = [entry["resource"]["id"] for entry in bundle.get("entry", ())]
    if "_include" not in query and "_revinclude" not in query:
        assert bundle["total"] == len(found)
    return sorted(found)


QUERIES = {
    "Observation?subject=Patient/p": ["o"],
    "Observation?patient=p": ["o"],
    "Observation?patient=p&code=c": ["o"],
    "Observation?subject=https://ehr.example/fhir/Patient/p": ["o"],
    "Observation?subject:Patient.name=vitalis": ["o"],
    "Observation?patient.name=vitalis&code=urn:c|c": ["o"],
    "Patient?_has:Observation:patient:code=c": ["p"],
    "Observation?_id=o&_include=Observation:subject": ["o", "p"],
    "Patient?_id=p&_revinclude=Observation:subject": ["o", "p"],
    "Patient/p/Observation": ["o"],
    "Observation?subject=https://elsewhere.example/fhir/Patient/p": [],
}


@pytest.mark.parametrize("asked_as", NAMES)
@pytest.mark.parametrize("also_relatively", [False, True])
def test_what_refers_to_here_is_found_by_every_name(
    client: Client, asked_as: dict[str, str], also_relatively: bool
) -> None:
    if also_relatively:
        put(client, "o", "Patient/p", {})
    assert put(client, "o", "https://ehr.example/fhir/Patient/p", PROXY).status_code in (200, 201)
    for query, expected in QUERIES.items():
        assert ids(client, query, asked_as) == expected, query
    stored = client.get("/fhir/Observation/o", headers=asked_as).json()
    assert stored["subject"] == {"reference": "https://ehr.example/fhir/Patient/p"}


@pytest.mark.parametrize("asked_as", NAMES)
def test_what_is_referred_to_is_not_deleted_by_any_name(client: Client, asked_as: dict[str, str]) -> None:
    put(client, "o", "https://ehr.example/fhir/Patient/p", PROXY)
    refused = client.request("DELETE", "/fhir/Patient/p", headers=asked_as)
    assert refused.status_code == 409
    assert "Patient/p is referred to by Observation/o" in told(refused)
    assert client.request("DELETE", "/fhir/Observation/o", headers=asked_as).status_code == 204
    assert client.request("DELETE", "/fhir/Patient/p", headers=asked_as).status_code == 204


def test_a_transaction_and_a_patch_make_a_name_known_too(client: Client) -> None:
    address = "https://ehr.example/fhir/Patient/p"
    entry = {"resource": observation("t", address), "request": {"method": "PUT", "url": "Observation/t"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert client.send("POST", "/fhir", bundle, **PROXY).status_code == 200
    assert ids(client, "Observation?subject=Patient/p", {}) == ["t"]
    put(client, "o", "Patient/p", {})
    patch = {"subject": {"reference": "http://second.example/fhir/Patient/p"}}
    media = "application/merge-patch+json"
    answer = client.send("PATCH", "/fhir/Observation/o", patch, Content_Type=media, Host="second.example")
    assert answer.status_code == 200
    assert ids(client, "Observation?subject=Patient/p", {}) == ["o", "t"]


def test_what_came_before_the_name_was_known_is_found_too(client: Client) -> None:
    address = "https://ehr.example/fhir/Patient/p"
    assert put(client, "early", address, {}).status_code == 201  # to another server, as far as is known
    assert ids(client, "Observation?subject=Patient/p", {}) == []
    put(client, "late", address, PROXY)
    assert ids(client, "Observation?subject=Patient/p", {}) == ["early", "late"]
    for id in ("early", "late"):
        client.put({**observation(id, "Patient/p"), "subject": {"display": "nobody"}})
    assert ids(client, "Observation?subject=Patient/p", {}) == []
    assert client.request("DELETE", "/fhir/Patient/p").status_code == 204


def test_what_was_refused_makes_no_name_known(client: Client) -> None:
    address = "https://ehr.example/fhir/Patient"
    put(client, "early", f"{address}/p", {})
    assert put(client, "o", f"{address}/nobody", PROXY).status_code == 422
    assert ids(client, "Observation?subject=Patient/p", {}) == []
    put(client, "early", f"{address}/q", {})
    assert ids(client, f"Observation?subject={address}/p", {}) == []


def test_the_index_is_made_again_with_all_names(client: Client, repository: SqliteRepository) -> None:
    put(client, "o", "https://ehr.example/fhir/Patient/p", PROXY)
    assert client.send("POST", "/fhir/$reindex", b"").status_code == 200
    for query, expected in QUERIES.items():
        assert ids(client, query, {}) == expected, query


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "again.sqlite"


def test_names_outlast_the_process(path: Path) -> None:
    for step in ("write", "read"):
        with SqliteRepository(path, parameters_of(Release.R4)) as store:
            client = Client(create_app(store))
            if step == "write":
                client.put({"resourceType": "Patient", "id": "p"})
                put(client, "o", "https://ehr.example/fhir/Patient/p", PROXY)
            assert ids(client, "Observation?subject=Patient/p", {}) == ["o"]
    with SqliteRepository(path, parameters_of(Release.R4)) as store:
        client = Client(create_app(store))
        client.put({**observation("o", ""), "subject": {"display": "nobody"}})
        assert ids(client, "Observation?subject=Patient/p", {}) == []
