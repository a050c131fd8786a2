"""A read that asks for nothing but the resource takes a shorter way, and is answered as by any other."""

from __future__ import annotations

import pytest

from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import Client, told

# Each of these goes the general way, and asks for the same.
GENERAL = (
    {"params": {"_pretty": "false"}},
    {"headers": {"If-None-Match": 'W/"9"'}},
    {"headers": {"Prefer": "x=y"}},
)


@pytest.mark.parametrize("accept", ["*/*", "application/fhir+json", "application/json"])
@pytest.mark.parametrize("general", GENERAL)
def test_both_ways_answer_the_same(client: Client, accept: str, general: dict[str, dict[str, str]]) -> None:
    client.put({"resourceType": "Patient", "id": "a", "name": [{"family": "Größe"}]})
    client.put({"resourceType": "Patient", "id": "a", "name": [{"family": "Ångström"}]})
    plain = client.get("/fhir/Patient/a", headers={"Accept": accept})
    options = {**general, "headers": {"Accept": accept, **general.get("headers", {})}}
    other = client.get("/fhir/Patient/a", **options)
    assert plain.status_code == other.status_code == 200
    assert plain.content == other.content
    assert dict(plain.headers) == dict(other.headers)
    assert plain.headers["etag"] == 'W/"2"'
    assert plain.headers["last-modified"].endswith(" GMT")
    assert plain.headers["content-length"] == str(len(plain.content))


@pytest.mark.parametrize("accept", ["*/*", "application/fhir+json", "application/json"])
@pytest.mark.parametrize("general", GENERAL)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_both_ways_say_the_same_of_the_server(
    client: Client, accept: str, general: dict[str, dict[str, str]], encoding: str
) -> None:
    asked = {"Accept": accept, "Accept-Encoding": encoding}
    plain = client.get("/fhir/metadata", headers=asked)
    other = client.get("/fhir/metadata", **{**general, "headers": {**asked, **general.get("headers", {})}})
    assert plain.status_code == other.status_code == 200
    assert plain.content == other.content
    assert dict(plain.headers) == dict(other.headers)
    assert plain.headers.get("content-encoding", "identity") == encoding
    assert plain.headers["vary"] == "Accept, Accept-Encoding"


def test_what_is_no_plain_read_is_what_it_was(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "a"})
    client.put({"resourceType": "Patient", "id": "gone"})
    client.request("DELETE", "/fhir/Patient/gone")
    assert client.get("/fhir/Patient/gone").status_code == 410
    assert client.get("/fhir/Patient/never").status_code == 404
    assert "no resource type" in told(client.get("/fhir/Patents/a"))
    assert client.get("/fhir/Patient/_history").json()["type"] == "history"
    assert client.get("/fhir/Patient/a/").json()["id"] == "a"
    head = client.request("HEAD", "/fhir/Patient/a")
    assert (head.status_code, head.content) == (200, b"")
    xml = client.get("/fhir/Patient/a", headers={"Accept": "application/fhir+xml"})
    assert xml.headers["content-type"].startswith("application/fhir+xml")
    known = client.get("/fhir/Patient/a", headers={"If-None-Match": 'W/"1"'})
    assert known.status_code == 304
    origin = client.get("/fhir/Patient/a", headers={"Origin": "http://localhost:3000"})
    assert origin.headers["access-control-allow-origin"] == "http://localhost:3000"
    named = client.get("/fhir/Patient/a", headers={"X-Request-Id": "r1"})
    assert named.headers["x-request-id"] == "r1"


def test_a_large_resource_is_packed_either_way(repository: SqliteRepository) -> None:
    client = Client(create_app(repository, Settings(validation="off", compress_from=2000)))
    client.put({"resourceType": "Basic", "id": "b", "text": {"status": "generated", "div": "x" * 5000}})
    for general in ({}, *GENERAL):
        options = {**general, "headers": {"Accept-Encoding": "gzip", **general.get("headers", {})}}
        answer = client.get("/fhir/Basic/b", **options)
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json()["text"]["div"] == "x" * 5000


def test_headers_are_not_mixed_up_between_clients(client: Client) -> None:
    """What is remembered of the headers of one request is not taken for another's."""
    client.put({"resourceType": "Patient", "id": "a"})
    for host in ("one.example", "two.example", "one.example"):
        for secret in ({}, {"Authorization": "Bearer x"}):
            found = client.get("/fhir/Patient?_id=a", headers={"Host": host, **secret}).json()
            assert found["entry"][0]["fullUrl"] == f"http://{host}/fhir/Patient/a"
