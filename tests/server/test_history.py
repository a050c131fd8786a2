"""Histories of a resource, a type and everything: order, times, pages that stay stable under writes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from .support import Client, told


def patient(id: str, gender: str = "male") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "gender": gender}


def versions(page: dict[str, Any]) -> list[str]:
    return [
        f"{entry['fullUrl'].rpartition('/fhir/')[2]} {entry['response']['etag'][3:-1]}"
        for entry in page.get("entry", [])
    ]


def links(page: dict[str, Any]) -> dict[str, str]:
    return {link["relation"]: link["url"] for link in page["link"]}


@pytest.fixture
def filled(client: Client) -> Client:
    client.put(patient("a"))
    client.put({"resourceType": "Basic", "id": "b"})
    client.put(patient("a", "female"))
    client.put(patient("c"))
    client.request("DELETE", "/fhir/Patient/c")
    return client


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Patient/a/_history", ["Patient/a 2", "Patient/a 1"]),
        ("Patient/_history", ["Patient/c 2", "Patient/c 1", "Patient/a 2", "Patient/a 1"]),
        ("_history", ["Patient/c 2", "Patient/c 1", "Patient/a 2", "Basic/b 1", "Patient/a 1"]),
        ("Observation/_history", []),
    ],
)
def test_versions_come_newest_first(filled: Client, path: str, found: list[str]) -> None:
    page = filled.get(f"/fhir/{path}").json()
    assert (page["type"], page["total"], versions(page)) == ("history", len(found), found)
    assert links(page) == {"self": f"http://test.example/fhir/{path}"}


def test_an_entry_says_what_was_done(filled: Client) -> None:
    entries = filled.get("/fhir/Patient/_history").json()["entry"]
    assert [entry["request"]["method"] for entry in entries] == ["DELETE", "PUT", "PUT", "PUT"]
    assert [entry["response"]["status"] for entry in entries] == [
        "204 No Content", "201 Created", "200 OK", "201 Created"
    ]  # fmt: skip
    assert "resource" not in entries[0]
    assert entries[1]["resource"]["meta"]["versionId"] == "1"


@pytest.mark.parametrize("path", ["_history", "Patient/_history", "Patient/a/_history"])
def test_pages_neither_lose_nor_repeat_anything_while_others_write(client: Client, path: str) -> None:
    for round_number in range(6):
        client.put(patient("a", "male" if round_number % 2 else "female"))
        client.put(patient("b", "male" if round_number % 3 else "other"))
    whole = versions(client.get(f"/fhir/{path}?_count=1000").json())
    seen: list[str] = []
    url = f"/fhir/{path}?_count=5"
    while url:
        page = client.get(url).json()
        assert ("total" in page) == (not seen)
        seen += versions(page)
        client.put(patient("a", "unknown"))
        client.put(patient("new"))
        url = links(page).get("next", "")
    assert seen == whole


def test_since_and_at(client: Client) -> None:
    client.put(patient("a"))
    time.sleep(0.01)
    between = client.put(patient("a", "female")).json()["meta"]["lastUpdated"]
    time.sleep(0.01)
    client.put(patient("a", "other"))
    client.put(patient("b"))

    def found(query: str, path: str = "Patient/a/_history") -> list[str]:
        page = client.get(f"/fhir/{path}?{query}").json()
        assert page["total"] == len(page.get("entry", []))
        return versions(page)

    assert found(f"_since={between}") == ["Patient/a 3", "Patient/a 2"]
    assert found(f"_since={between}", "_history") == ["Patient/b 1", "Patient/a 3", "Patient/a 2"]
    # What was current at that moment: the second version had just come, the first had just gone.
    assert found(f"_at={between}") == ["Patient/a 2"]
    day = between[:10]
    assert found(f"_at={day}") == ["Patient/a 3", "Patient/a 2", "Patient/a 1"]
    assert found("_at=2001", "_history") == []
    assert found("_since=2999", "_history") == []
    assert found(f"_at={between}", "_history") == ["Patient/a 2"]


@pytest.mark.parametrize("query", ["_summary=count", "_summary=count&_count=2"])
def test_a_summary_of_the_number_shows_no_version(filled: Client, query: str) -> None:
    page = filled.get(f"/fhir/_history?{query}").json()
    assert (page["total"], "entry" in page) == (5, False)
    assert links(page) == {"self": f"http://test.example/fhir/_history?{query}"}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("_list=a", "read the List and ask for the history of each of its items"),
        ("_sort=_lastUpdated", "versions come newest first, which is _sort=-_lastUpdated"),
        ("_lastUpdated=gt2020", "it has _count, _since, _at"),
        ("_tag:not=x", "it has _count, _since, _at"),
        ("_has:Observation:patient:code=x", "it has _count, _since, _at"),
        ("gender=male", "it has _count, _since, _at"),
    ],
)
def test_what_a_history_does_not_do_is_refused_or_left_out(filled: Client, query: str, sentence: str) -> None:
    refused = filled.get(f"/fhir/_history?{query}")
    assert refused.status_code == 400
    assert sentence in told(refused)
    page = filled.get(f"/fhir/_history?{query}", headers={"Prefer": "handling=lenient"}).json()
    assert (page["total"], links(page)) == (5, {"self": "http://test.example/fhir/_history"})


def test_a_history_is_sorted_as_it_says(filled: Client) -> None:
    page = filled.get("/fhir/_history?_sort=-_lastUpdated&_mine=1").json()
    assert len(versions(page)) == 5
    assert links(page) == {"self": "http://test.example/fhir/_history?_sort=-_lastUpdated"}
    strict = filled.get("/fhir/_history?_mine=1", headers={"Prefer": "handling=strict"})
    assert strict.status_code == 400


def test_count_zero_tells_how_many_there_are(filled: Client) -> None:
    page = filled.get("/fhir/_history?_count=0").json()
    assert (page["total"], "entry" in page) == (5, False)
