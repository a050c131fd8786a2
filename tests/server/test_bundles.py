"""Transactions and batches: every method, the order, references, all or nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from .support import Client, told

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:x", "value": "1"}],
    "gender": "male",
}


def entry(method: str, url: str, resource: Any = None, full_url: str = "", **request: str) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    return made | ({"fullUrl": full_url} if full_url else {})


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def done(client: Client, *entries: dict[str, Any], kind: str = "transaction", **headers: str) -> list[Any]:
    answer = client.send("POST", "/fhir", bundle(kind, *entries), **headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == f"{kind}-response"
    found: list[Any] = answer.json()["entry"]
    assert len(found) == len(entries)
    return found


def statuses(found: list[Any]) -> list[str]:
    return [one["response"]["status"][:3] for one in found]


def observation(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **more,
    }


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_resource_in_a_bundle_is_kept_as_it_was_written(client: Client, kind: str) -> None:
    kept = b'"valueQuantity":{ "value": 1.500, "x":1E3 },"note":"\\u00e9"}'
    resource = b'{"resourceType":"Observation","id":"o",' + kept
    entries = b'[ {"resource":%s , "request":{"method":"PUT","url":"Observation/o"}} ]' % resource
    text = b'{"entry":%s,"type":"%s","resourceType":"Bundle"}' % (entries, kind.encode())
    answer = client.send("POST", "/fhir", text)
    assert statuses(answer.json()["entry"]) == ["201"]
    assert client.get("/fhir/Observation/o").content.endswith(kept)


def test_a_transaction_reads_what_it_wrote_whatever_the_order_of_its_entries(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "old"})
    found = done(
        client,
        entry("GET", "Patient?gender=male"),
        entry("GET", "Patient/new"),
        entry("HEAD", "Patient/new"),
        entry("GET", "Patient/new/_history/1"),
        entry("PUT", "Patient/new", PATIENT | {"id": "new"}),
        entry("POST", "Patient", PATIENT, ifNoneExist="identifier=urn:x|9"),
        entry("DELETE", "Patient/old"),
    )
    assert statuses(found) == ["200", "200", "200", "200", "201", "201", "204"]
    assert found[0]["resource"]["total"] == 2
    assert found[1]["resource"] == found[3]["resource"]
    assert found[1]["resource"]["meta"]["versionId"] == "1"
    assert "resource" not in found[2]
    assert client.get("/fhir/Patient/old").status_code == 410


def test_a_read_that_finds_nothing_undoes_the_transaction(client: Client) -> None:
    answer = client.send(
        "POST",
        "/fhir",
        bundle("transaction", entry("PUT", "Patient/a", PATIENT | {"id": "a"}), entry("GET", "Patient/none")),
    )
    assert answer.status_code == 404
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1]"]
    assert client.get("/fhir/Patient/a").status_code == 404


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_conditional_entries(client: Client, kind: str) -> None:
    created = client.send("POST", "/fhir/Patient", PATIENT).json()["id"]
    second = {"identifier": [{"system": "urn:x", "value": "2"}], "resourceType": "Patient"}
    other = client.send("POST", "/fhir/Patient", second).json()["id"]
    third = {"identifier": [{"system": "urn:x", "value": "3"}], "resourceType": "Patient"}
    last = client.send("POST", "/fhir/Patient", third).json()["id"]
    patch = [{"op": "add", "path": "/birthDate", "value": "2001"}]
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(json.dumps(patch).encode()).decode(),
    }
    fresh = {"identifier": [{"system": "urn:x", "value": "5"}], "resourceType": "Patient"}
    found = done(
        client,
        entry("PUT", "Patient?identifier=urn:x|1", PATIENT | {"gender": "female"}),
        entry("PATCH", "Patient?identifier=urn:x|2", binary),
        entry("DELETE", "Patient?identifier=urn:x|3"),
        entry("DELETE", "Patient?identifier=urn:x|4"),
        entry("PUT", "Patient?identifier=urn:x|5", fresh),
        kind=kind,
    )
    assert statuses(found) == ["200", "200", "204", "204", "201"]
    assert client.get(f"/fhir/Patient/{created}").json()["gender"] == "female"
    assert client.get(f"/fhir/Patient/{other}").json()["birthDate"] == "2001"
    assert client.get(f"/fhir/Patient/{last}").status_code == 410


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_fhirpath_patch_in_an_entry(client: Client, kind: str) -> None:
    client.put(PATIENT | {"id": "a"})
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": "other"},
    ]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    (one,) = done(
        client, entry("PATCH", "Patient/a", patch, ifMatch='W/"1"'), kind=kind, Prefer="return=representation"
    )
    assert (one["response"]["status"], one["resource"]["gender"]) == ("200 OK", "other")
    late = client.send("POST", "/fhir", bundle(kind, entry("PATCH", "Patient/a", patch, ifMatch='W/"1"')))
    status = (
        late.status_code if kind == "transaction" else int(late.json()["entry"][0]["response"]["status"][:3])
    )
    assert status == 412


def test_two_conditions_that_mean_the_same_resource_are_refused(client: Client) -> None:
    client.put(PATIENT | {"id": "a"})
    answer = client.send(
        "POST",
        "/fhir",
        bundle(
            "transaction",
            entry("PUT", "Patient?identifier=urn:x|1", PATIENT),
            entry("DELETE", "Patient/a"),
        ),
    )
    assert answer.status_code == 400
    assert "Patient/a is written by Bundle.entry[0] already" in told(answer)
    assert client.get("/fhir/Patient/a").json()["meta"]["versionId"] == "1"


def test_a_conditional_reference_may_mean_what_the_same_transaction_stores(client: Client) -> None:
    found = done(
        client,
        entry("POST", "Observation", observation("Patient?identifier=urn:x|1")),
        entry("PUT", "Patient/a", PATIENT | {"id": "a"}),
        Prefer="return=representation",
    )
    assert found[0]["resource"]["subject"] == {"reference": "Patient/a"}
    assert found[0]["resource"]["meta"]["versionId"] == "1"
    answer = client.send(
        "POST",
        "/fhir",
        bundle("transaction", entry("POST", "Observation", observation("Patient?identifier=y"))),
    )
    assert answer.status_code == 412
    assert "fits no resource here" in told(answer)


def test_prefer_decides_what_an_entry_tells(client: Client) -> None:
    for kind in ("transaction", "batch"):
        (bare,) = done(client, entry("POST", "Patient", PATIENT), kind=kind)
        assert set(bare) == {"response"}
        assert {"status", "location", "etag", "lastModified"} <= set(bare["response"])
        (whole,) = done(client, entry("POST", "Patient", PATIENT), kind=kind, Prefer="return=representation")
        assert whole["resource"]["gender"] == "male"
        (outcome,) = done(
            client, entry("POST", "Patient", PATIENT), kind=kind, Prefer="return=OperationOutcome"
        )
        assert outcome["response"]["outcome"]["resourceType"] == "OperationOutcome"
        assert "resource" not in outcome


def test_a_batch_asks_what_a_transaction_does_not(client: Client) -> None:
    client.put(PATIENT | {"id": "a"})
    found = done(
        client,
        entry("GET", "Patient/a/_history"),
        entry("GET", "metadata"),
        entry("GET", "Patient/a", ifNoneMatch='W/"1"'),
        entry("GET", "?_type=Patient"),
        entry("GET", "Patient?_elements=gender&_summary=false"),
        kind="batch",
    )
    assert statuses(found) == ["200", "200", "304", "200", "200"]
    assert found[1]["resource"]["resourceType"] == "CapabilityStatement"
    assert found[3]["resource"]["total"] == 1
    assert "identifier" not in found[4]["resource"]["entry"][0]["resource"]
    refused = client.send("POST", "/fhir", bundle("transaction", entry("GET", "Patient/a/_history")))
    assert refused.status_code == 400
    assert "ask in a batch" in told(refused)


def test_references_among_entries_are_kept_whole(strict: Client) -> None:
    found = done(
        strict,
        entry("POST", "Observation", observation("urn:uuid:11111111-2222-4333-8444-555555555555")),
        entry(
            "POST", "Patient", PATIENT, "urn:uuid:11111111-2222-4333-8444-555555555555",
            ifNoneExist="identifier=urn:x|1",
        ),
        Prefer="return=representation",
    )  # fmt: skip
    patient = found[1]["resource"]["id"]
    assert found[0]["resource"]["subject"] == {"reference": f"Patient/{patient}"}
    missing = strict.send(
        "POST",
        "/fhir",
        bundle(
            "transaction",
            entry("POST", "Observation", observation("urn:uuid:11111111-2222-4333-8444-666666666666")),
        ),
    )
    assert missing.status_code in (400, 422)


def test_a_batch_tells_when_a_version_was_written_as_its_meta_does(client: Client) -> None:
    some = [entry("PUT", "Patient/p", {**PATIENT, "id": "p"}), entry("GET", "Patient?gender=male")]
    done(client, *some, kind="batch")
    written, read = done(
        client,
        entry("PUT", "Patient/p", {**PATIENT, "id": "p", "active": True}),
        entry("GET", "Patient/p"),
        kind="batch",
        Prefer="return=representation",
    )
    for one in (written, read):
        assert one["response"]["lastModified"] == one["resource"]["meta"]["lastUpdated"]
    (quiet,) = done(client, entry("PUT", "Patient/p", {**PATIENT, "id": "p"}), kind="batch")
    assert quiet["response"]["lastModified"][:15] == written["response"]["lastModified"][:15]
