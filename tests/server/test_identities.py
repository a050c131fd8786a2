"""What a Bundle, or a condition, may mean by one resource: never two of it, and never another one."""

from __future__ import annotations

from typing import Any

import pytest

from .support import Client
from .test_bundles import bundle, done, entry, observation, statuses

A = "identifier=urn:x|A"


def patient(value: str = "A", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": value}], **more}


def refused(client: Client, *entries: dict[str, Any], status: int = 400) -> list[Any]:
    answer = client.send("POST", "/fhir", bundle("transaction", *entries))
    assert answer.status_code == status, answer.text
    issues: list[Any] = answer.json()["issue"]
    return issues


def total(client: Client, query: str) -> int:
    found: int = client.get(f"/fhir/{query}&_summary=count").json()["total"]
    return found


@pytest.mark.parametrize("url", ["Patient/old", f"Patient?{A}"])
@pytest.mark.parametrize("first", [True, False])
def test_what_is_deleted_fits_no_condition_of_a_create(client: Client, url: str, first: bool) -> None:
    client.put(patient(id="old"))
    entries = [entry("DELETE", url), entry("POST", "Patient", patient(), "urn:uuid:1", ifNoneExist=A)]
    entries.append(entry("POST", "Observation", observation("urn:uuid:1")))
    found = done(client, *(entries if first else reversed(entries)))
    assert sorted(statuses(found)) == ["201", "201", "204"]
    assert total(client, f"Patient?{A}") == 1
    assert total(client, f"Observation?subject:Patient.{A}") == 1


@pytest.mark.parametrize(
    "entries",
    [
        [entry("POST", "Patient", patient(), ifNoneExist=A)] * 2,
        [entry("PUT", f"Patient?{A}", patient())] * 2,
        [entry("POST", "Patient", patient(), ifNoneExist=A), entry("PUT", "Patient/b", patient(id="b"))],
    ],
)
def test_two_entries_never_make_two_of_one_resource(client: Client, entries: list[Any]) -> None:
    (issue,) = refused(client, *entries)
    assert issue["expression"] == ["Bundle.entry[0].request"]
    assert "the condition fits too" in issue["diagnostics"]
    assert total(client, f"Patient?{A}") == 0


def test_conditional_creates_of_different_resources_are_done(client: Client) -> None:
    found = done(
        client,
        entry("POST", "Patient", patient("B"), ifNoneExist="identifier=urn:x|B"),
        entry("POST", "Patient", patient("C"), ifNoneExist="identifier=urn:x|C"),
    )
    assert statuses(found) == ["201", "201"]


def test_a_conditional_update_never_writes_over_another_resource(client: Client) -> None:
    client.put(patient("original", id="g"))
    answer = client.send("PUT", f"/fhir/Patient?{A}", patient(id="g"))
    assert answer.status_code == 409
    assert "Patient/g is another resource" in answer.json()["issue"][0]["diagnostics"]
    issues = refused(client, entry("PUT", f"Patient?{A}", patient(id="g")), status=409)
    assert issues[0]["expression"] == ["Bundle.entry[0]"]
    assert client.get("/fhir/Patient/g").json()["meta"]["versionId"] == "1"


def test_a_name_of_an_entry_stands_for_one_resource(client: Client) -> None:
    (issue,) = refused(
        client,
        entry("POST", "Patient", patient("1"), "urn:uuid:1"),
        entry("POST", "Patient", patient("2"), "urn:uuid:1"),
        entry("POST", "Observation", observation("urn:uuid:1")),
    )
    assert (issue["code"], issue["expression"]) == ("duplicate", ["Bundle.entry[1].fullUrl"])


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_read_of_what_the_client_has(client: Client, kind: str) -> None:
    updated = client.put(patient(id="p")).json()["meta"]["lastUpdated"]
    found = done(
        client,
        entry("GET", "Patient/p", ifNoneMatch='W/"1"'),
        entry("GET", "Patient/p", ifNoneMatch='W/"2"'),
        entry("GET", "Patient/p", ifModifiedSince="2999-01-01T00:00:00Z"),
        entry("GET", "Patient/p", ifModifiedSince="1999-01-01T00:00:00+02:00"),
        kind=kind,
    )
    assert statuses(found) == ["304", "200", "304", "200"]
    assert ["resource" in one for one in found] == [False, True, False, True]
    assert found[1]["response"]["lastModified"][:19] == updated[:19]


UNFOLLOWED = [
    "urn:uuid:6b2d8e0e-0b7c-4d3c-9a2e-1f0a7f6f0c11",
    "urn:oid:1.2.3",
    f"Patient?{A}",
    "Patient/p/_history/77",
    "Patient/",
    "Patient",
]


@pytest.mark.parametrize("reference", UNFOLLOWED)
def test_a_reference_that_leads_nowhere_is_not_stored(strict: Client, reference: str) -> None:
    strict.put(patient(id="p"))
    answer = strict.send("POST", "/fhir/Observation", observation(reference))
    assert answer.status_code == 422, answer.text
    (issue,) = answer.json()["issue"]
    assert issue["expression"] == ["Observation.subject.reference"]
    (found,) = done(strict, entry("POST", "Observation", observation(reference)), kind="batch")
    assert found["response"]["status"][:3] == "422"
    assert total(strict, "Observation?status=final") == 0


def test_a_reference_to_a_version_that_is_there_is_stored(strict: Client) -> None:
    strict.put(patient(id="p"))
    assert strict.send("POST", "/fhir/Observation", observation("Patient/p/_history/1")).status_code == 201


def test_a_stored_bundle_brings_along_what_its_resources_refer_to(strict: Client) -> None:
    collection = bundle(
        "collection",
        {"fullUrl": "urn:uuid:6b2d8e0e-0b7c-4d3c-9a2e-1f0a7f6f0c11", "resource": patient()},
        {
            "fullUrl": "urn:uuid:6b2d8e0e-0b7c-4d3c-9a2e-1f0a7f6f0c12",
            "resource": observation("urn:uuid:6b2d8e0e-0b7c-4d3c-9a2e-1f0a7f6f0c11"),
        },
    )
    answer = strict.send("POST", "/fhir/Bundle", collection)
    assert answer.status_code == 201, answer.text


def test_a_link_of_a_narrative_to_an_entry_is_followed(strict: Client) -> None:
    name = "urn:uuid:6b2d8e0e-0b7c-4d3c-9a2e-1f0a7f6f0c11"
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{name}">the patient</a></div>'
    basic = {"resourceType": "Basic", "code": {"text": "x"}, "text": {"status": "generated", "div": div}}
    found = done(strict, entry("POST", "Patient", patient(), name), entry("POST", "Basic", basic))
    location = found[0]["response"]["location"].partition("/fhir/")[2].partition("/_history")[0]
    stored = strict.get("/fhir/Basic?_count=1").json()["entry"][0]["resource"]
    assert f'href="{location}"' in stored["text"]["div"]
