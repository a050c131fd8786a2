"""Whatever comes in: an OperationOutcome with the right status, and never the inside of the program."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import Client, told

DEEP = b'{"resourceType":"Basic","x":' + b'{"y":' * 300 + b"1" + b"}" * 300 + b"}"


@pytest.mark.parametrize(
    ("method", "url", "options", "status", "sentence"),
    [
        ("GET", "/nowhere", {}, 404, "GET /nowhere: Not Found"),
        ("DELETE", "/", {}, 405, "DELETE /: Method Not Allowed"),
        ("GET", "/fhir/Patientt", {}, 404, "'Patientt' is no resource type of FHIR 4.0.1"),
        ("GET", "/fhir/patient", {}, 404, "'patient' is no resource type"),
        ("GET", "/fhir/Patient/none", {}, 404, "there is no Patient/none here"),
        ("GET", "/fhir/Patient/a_b", {}, 404, "'a_b' is no id"),
        ("PUT", "/fhir/Patient/a_b", {"content": b'{"resourceType":"Patient","id":"a_b"}'}, 400, "'a_b' is no id"),
        ("OPTIONS", "/fhir/Foo", {}, 404, "'Foo' is no resource type"),
        ("OPTIONS", "/fhir/Foo/a/$meta", {}, 404, "'Foo' is no resource type"),
        ("POST", "/fhir/Patient/none/$reindex", {}, 404, "there is no Patient/none here"),
        ("POST", "/fhir/Patient/$validate?mode=delete", {}, 400, "send it to TYPE/ID/$validate"),
        ("DELETE", "/fhir/Group?actual=true&_foo=2", {}, 400, "names '_foo', by which Group is not searched"),
        (
            "POST", "/fhir",
            {"json": {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient/$validate"}},
            ]}},
            400, "the operation $validate is no part of a transaction: call it by itself, or in a batch",
        ),
        ("GET", "/fhir/Patient/" + "a" * 65, {}, 404, "is no id"),
        ("GET", "/fhir/Patient/%ff%00", {}, 404, "is no id"),
        ("GET", "/fhir/Patient/a/b/c/d/e", {}, 404, "there is nothing at 'Patient/a/b/c/d/e'"),
        ("GET", "/fhir/Patient/a/$everything", {}, 404, "there is no Patient/a here"),
        ("GET", "/fhir", {}, 400, "a search of the whole server names what it looks for"),
        ("DELETE", "/fhir", {}, 405, "DELETE is not served here, only GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/fhir/Patient/a/_history", {}, 405, "PATCH is not served here, only GET, HEAD, OPTIONS"),
        ("PUT", "/fhir/Patient", {"content": b'{"resourceType":"Patient"}'}, 400, "by id, or by a condition"),
        ("POST", "/fhir/metadata", {}, 405, "POST is not served here, only GET, HEAD, OPTIONS"),
        ("POST", "/fhir/Patient/a", {}, 405, "POST is not served here"),
        ("GET", "/fhir/.well-known/smart-configuration", {}, 404, "'.well-known' is no resource type"),
        ("GET", "/.well-known/smart-configuration", {}, 404, "GET /.well-known/smart-configuration: Not Found"),
        ("GET", "/fhir/Basic/a/Patient", {}, 404, "Basic is no compartment: Device, Encounter, Patient"),
        ("GET", "/fhir/Patient/a/Patientt", {}, 404, "'Patientt' is no resource type"),
        ("GET", "/fhir/Patient/_history?_since=soon", {}, 400, "_since is a date or an instant"),
        ("GET", "/fhir/_history?_count=-1", {}, 400, "_count is a whole number"),
        ("GET", "/fhir/Patient/_history?name=x", {}, 400, "a history has no parameter 'name'"),
        ("OPTIONS", "/fhir/a/b/c/d/e", {}, 404, "there is nothing at"),
        ("GET", "/fhir/Patient?name=%ff", {}, 400, "the query is not UTF-8"),
        ("GET", "/fhir/Patient?_count=" + "9" * 30, {}, 400, "_count is a whole number"),
        ("GET", "/fhir/Patient?name=" + "x" * 5000, {}, 414, "the query is longer than 4096 bytes"),
        (
            "GET", "/fhir/Patient", {"headers": {"Accept": "application/fhir+turtle"}},
            406, "application/fhir+turtle is not served",
        ),
        ("GET", "/fhir/Patient?_format=ttl", {}, 406, "_format asks for what this server does not send: ttl"),
        ("GET", "/fhir/Patient?_summary=some", {}, 400, "_summary is one of true, text, data, count, false"),
        (
            "GET", "/fhir/Patient", {"headers": {"Accept": "application/fhir+json; fhirVersion=3.0"}}, 406,
            "FHIR 3.0 is not served, 4.0 and 5.0 are",
        ),
        ("POST", "/fhir/Patient", {"content": b"{"}, 400, "not valid JSON"),
        ("POST", "/fhir/Patient", {"content": b""}, 400, "the request has no body"),
        ("POST", "/fhir/Patient", {"content": b"[]"}, 400, "expected a JSON object, found an array"),
        ("POST", "/fhir/Patient", {"content": b"null"}, 400, "found null"),
        (
            "POST", "/fhir/Patient", {"content": b'{"resourceType":"Patient","x":"\xff"}'},
            400, "1:32: the byte 0xFF is not UTF-8",
        ),
        (
            "POST", "/fhir/Patient", {"content": b'{"resourceType":"Patient","x":"\\ud800"}'},
            400, "1:31: not valid JSON: half of a surrogate pair",
        ),
        (
            "POST", "/fhir/Patient", {"content": b'{"resourceType":"Patient",\n"active":true,}'},
            400, "2:14: not valid JSON: a comma stands before the closing }: leave it out",
        ),
        ("POST", "/fhir/Patient", {"content": b"[" * 100_000}, 400, "nested too deeply"),
        ("POST", "/fhir/Basic", {"content": DEEP}, 400, "nested more than 200 levels deep"),
        ("POST", "/fhir/Patient", {"content": b'{"resourceType":"Basic"}'}, 400, "the body is a Basic"),
        ("POST", "/fhir/Patient", {"content": b"x" * 200_001}, 413, "the body is larger than 200000 bytes"),
        (
            "POST", "/fhir/Patient",
            {"content": b"<Patient/>", "headers": {"Content-Type": "text/turtle"}}, 415,
            "a body of type 'text/turtle' is not read: send application/fhir+json or application/fhir+xml",
        ),
        (
            "POST", "/fhir/Patient",
            {"content": b"<Patient/>", "headers": {"Content-Type": "application/fhir+xml"}}, 422,
            "the namespace",
        ),
        (
            "POST", "/fhir/Patient", {"content": b"{}", "headers": {"Content-Encoding": "br"}}, 415,
            "Content-Encoding 'br' is not read: send it plain or with gzip",
        ),
        (
            "POST", "/fhir/Patient", {"content": b"{}", "headers": {"Content-Encoding": "gzip"}}, 400,
            "the body is no gzip",
        ),
        (
            "POST", "/fhir/Patient",
            {"content": gzip.compress(b"x" * 100_000)[:60], "headers": {"Content-Encoding": "gzip"}}, 400,
            "the packed body ends too early",
        ),
        (
            "POST", "/fhir/Patient",
            {"content": gzip.compress(b" " * 10**8), "headers": {"Content-Encoding": "gzip"}}, 413,
            "the body is larger than 200000 bytes",
        ),
        (
            "POST", "/fhir/Patient",
            {"content": b"{}", "headers": {"Content-Type": "application/json; charset=latin1"}},
            415, "the character set 'latin1' is not read",
        ),
        ("POST", "/fhir/Patient/_search", {"content": b"name=%ff"}, 400, "not UTF-8"),
        ("POST", "/fhir/Patient/_search", {"json": {}}, 415, "a search by POST is sent as"),
        (
            "PUT", "/fhir/Patient/a", {"content": b'{"resourceType":"Patient"}'}, 400,
            "the body is Patient/(without an id), but the URL says Patient/a",
        ),
        (
            "PUT", "/fhir/Patient/a", {"content": b'{"resourceType":"Patient","id":5}'},
            400, "an id is a string",
        ),
        (
            "POST", "/fhir", {"content": b'{"resourceType":"Patient"}'},
            400, "the base takes a Bundle, not a Patient",
        ),
        (
            "POST", "/fhir", {"content": b'{"resourceType":"Bundle","type":"collection"}'},
            400, "transaction or batch",
        ),
        (
            "POST", "/fhir", {"content": b'{"resourceType":"Bundle","type":"transaction","entry":{}}'},
            400, "must be an array",
        ),
        (
            "POST", "/fhir", {"content": b'{"resourceType":"Bundle","type":"batch","entry":[3]}'}, 400,
            "Bundle.entry[0]",
        ),
    ],
)  # fmt: skip
def test_an_error_is_an_operation_outcome_with_a_sentence(
    client: Client, method: str, url: str, options: dict[str, Any], status: int, sentence: str
) -> None:
    answer = client.request(method, url, **options)
    assert answer.status_code == status, answer.text
    said = told(answer)
    place = str(answer.json()["issue"][0].get("expression", ""))
    assert sentence in said or sentence in place, said
    if status == 405 and url.startswith("/fhir"):
        assert answer.headers["allow"] in said


def test_a_body_without_a_length_is_limited_as_well(client: Client) -> None:
    async def endless() -> Any:
        for _ in range(1000):
            yield b"x" * 1000

    answer = client.request("POST", "/fhir/Patient", content=endless())
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def test_the_framework_s_own_validation_is_an_outcome_too(repository: SqliteRepository) -> None:
    app = create_app(repository)

    @app.get("/typed/{number}")
    async def typed(number: int) -> int:
        return number

    answer = Client(app).get("/typed/x")
    assert answer.status_code == 422
    assert "valid integer" in told(answer)


@pytest.mark.parametrize("url", ["/broken", "/fhir/Patient/a"])
def test_what_nobody_foresaw_is_logged_and_not_shown(
    repository: SqliteRepository, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(repository)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("secret inside")

    def fails(*arguments: object) -> None:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr(repository, "read", fails)
    answer = Client(app).get(url)
    assert answer.status_code == 500
    assert told(answer) == "The server failed on this request; its log says why."
    assert "secret" not in answer.text
    assert "ZeroDivisionError: secret inside" in caplog.text


def test_a_store_that_fails_is_told(client: Client, repository: SqliteRepository) -> None:
    repository.close()
    answer = client.send("POST", "/fhir/Patient", {"resourceType": "Patient"})
    assert answer.status_code == 500
    assert told(answer) == "the store is closed"


names = st.sampled_from(
    ["name", "_id", "patient", "code", "_count", "_after", "date", "code:not", "name:exact", "x", "_y"]
)
values = st.text(max_size=12) | st.sampled_from(
    ["|", ",", "\\", "a|b|c", "Patient/1", "ge2010", "0", "\x00", "%"]
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=15,
)
members = st.sampled_from(
    ["id", "meta", "text", "identifier", "name", "entry", "type", "contained", "subject", "x"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["Patient", "Observation", "Patient/a", "Patient/_search", "", "metadata", "Bundle", "$x", "%2e%2e"]
    ),
    st.lists(st.tuples(names, values), max_size=4),
)
def test_no_query_breaks_the_server(client: Client, path: str, pairs: list[tuple[str, str]]) -> None:
    answer = client.get(f"/fhir/{path}", params=pairs)
    assert answer.status_code in (200, 400, 404, 405, 406), answer.text
    assert answer.status_code == 200 or told(answer)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([("POST", "Patient"), ("PUT", "Patient/a"), ("POST", ""), ("POST", "Observation")]),
    st.sampled_from(["Patient", "Observation", "Bundle"]),
    st.dictionaries(members, json_values, max_size=5),
    st.sampled_from([None, "transaction", "batch"]),
)
def test_no_body_breaks_the_server(
    client: Client, where: tuple[str, str], kind: str, body: dict[str, Any], bundle_type: str | None
) -> None:
    resource = {**body, "resourceType": kind, **({"type": bundle_type} if bundle_type else {})}
    answer = client.send(where[0], f"/fhir/{where[1]}", resource)
    assert answer.status_code in (200, 201, 400, 412, 422), answer.text
    assert answer.status_code < 400 or told(answer)
