"""A Binary is read and written as what it holds (https://hl7.org/fhir/R4/binary.html#rest)."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from .support import Client, told

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
AS_FHIR = {"Accept": "application/fhir+json"}


def posted(client: Client, **headers: str) -> httpx.Response:
    return client.request(
        "POST", "/fhir/Binary", content=PNG, headers={"Content-Type": "image/png", **headers}
    )


@pytest.fixture
def picture(client: Client) -> str:
    answer = posted(client)
    assert answer.status_code == 201
    return f"/fhir/Binary/{answer.json()['id']}"


def test_a_photograph_is_stored_as_it_is_sent(client: Client, picture: str) -> None:
    resource = client.get(picture, headers=AS_FHIR).json()
    assert resource["contentType"] == "image/png"
    assert base64.b64decode(resource["data"]) == PNG


@pytest.mark.parametrize(
    "accept", ["*/*", "image/png", "image/*", "image/avif,image/webp,image/png;q=0.8,*/*;q=0.5"]
)
def test_who_asks_for_no_fhir_is_sent_the_content(client: Client, picture: str, accept: str) -> None:
    answer = client.get(picture, headers={"Accept": accept})
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"  # and nothing in it may run
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "accept", ["application/fhir+json", "application/json", "image/png, application/fhir+json"]
)
def test_who_asks_for_fhir_is_sent_the_resource(client: Client, picture: str, accept: str) -> None:
    assert client.get(picture, headers={"Accept": accept}).json()["resourceType"] == "Binary"


@pytest.mark.parametrize("query", ["_format=json", "_summary=data", "_elements=contentType"])
def test_a_query_about_the_resource_asks_for_it(client: Client, picture: str, query: str) -> None:
    assert client.get(f"{picture}?{query}", headers={"Accept": "*/*"}).json()["contentType"] == "image/png"


def test_xml_is_the_resource_too(client: Client, picture: str) -> None:
    assert "<contentType value=" in client.get(picture, headers={"Accept": "application/fhir+xml"}).text


def test_another_type_than_it_holds_is_not_acceptable(client: Client, picture: str) -> None:
    answer = client.get(picture, headers={"Accept": "application/pdf, image/png;q=0"})
    assert answer.status_code == 406
    assert "this Binary holds image/png" in told(answer)


def test_a_version_is_sent_as_its_content(client: Client, picture: str) -> None:
    changed = client.request(
        "PUT", picture, content=b"text", headers={"Content-Type": "text/plain; charset=utf-8"}
    )
    assert (changed.status_code, changed.headers["ETag"]) == (200, 'W/"2"')
    now = client.get(picture, headers={"Accept": "*/*"})
    assert (now.text, now.headers["Content-Type"]) == ("text", "text/plain; charset=utf-8")
    assert client.get(f"{picture}/_history/1", headers={"Accept": "*/*"}).content == PNG


def test_the_context_of_its_security_goes_in_and_out(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "p"})
    id = posted(client, **{"X-Security-Context": "Patient/p"}).json()["id"]
    assert client.get(f"/fhir/Binary/{id}", headers=AS_FHIR).json()["securityContext"] == {
        "reference": "Patient/p"
    }
    assert (
        client.get(f"/fhir/Binary/{id}", headers={"Accept": "*/*"}).headers["X-Security-Context"]
        == "Patient/p"
    )


def test_a_context_that_is_not_here_is_refused(strict: Client) -> None:
    answer = posted(strict, **{"X-Security-Context": "Patient/nobody"})
    assert (answer.status_code, "Patient/nobody is not here" in told(answer)) == (422, True)


def test_what_goes_wrong_is_told_as_ever(client: Client) -> None:
    answer = client.get("/fhir/Binary/nothing", headers={"Accept": "image/png"})
    assert (answer.status_code, told(answer)) == (404, "there is no Binary/nothing here")


def test_one_without_content_is_itself(client: Client) -> None:
    resource: dict[str, Any] = {"resourceType": "Binary", "id": "b", "contentType": "text/plain"}
    client.put(resource)
    assert client.get("/fhir/Binary/b", headers={"Accept": "*/*"}).json()["contentType"] == "text/plain"


def test_a_content_that_is_no_fhir_is_for_binary_alone(client: Client) -> None:
    answer = client.request("POST", "/fhir/Patient", content=PNG, headers={"Content-Type": "image/png"})
    assert answer.status_code == 415


def test_head_says_what_a_read_would(client: Client, picture: str) -> None:
    answer = client.request("HEAD", picture, headers={"Accept": "*/*"})
    assert (answer.headers["Content-Type"], answer.headers["Content-Length"]) == ("image/png", str(len(PNG)))
