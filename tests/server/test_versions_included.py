"""A reference to a version brings that version along."""

from __future__ import annotations

from typing import Any

from .support import Client
from .test_bundles import observation

SEARCH = "/fhir/Observation?_include=Observation:subject"


def along(client: Client, url: str = SEARCH) -> list[tuple[str, str]]:
    found: dict[str, Any] = client.get(url).json()
    return [
        (one["resource"]["meta"]["versionId"], one["resource"]["gender"])
        for one in found["entry"]
        if one["search"]["mode"] == "include"
    ]


def test_an_include_brings_the_version_referred_to(client: Client) -> None:
    for gender in ("male", "female", "other"):
        client.put({"resourceType": "Patient", "id": "p", "gender": gender})
    client.put({**observation("Patient/p/_history/1"), "id": "a"})
    assert along(client) == [("1", "male")]
    client.put({**observation("http://test.example/fhir/Patient/p/_history/2"), "id": "b"})
    assert along(client) == [("1", "male"), ("2", "female")]
    client.put({**observation("Patient/p"), "id": "c"})
    assert along(client) == [("3", "other"), ("1", "male"), ("2", "female")]
    assert along(client, f"{SEARCH}&_id=c") == [("3", "other")]


def test_a_version_that_is_not_here_is_made_up_for_by_the_present_one(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "p", "gender": "male"})
    client.put({**observation("Patient/p/_history/7"), "id": "a"})
    assert along(client) == [("1", "male")]
