"""Formats, headers and parts of resources: what a request may ask of its answer."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from fhir_vitiligo.server.app import create_app
from fhir_vitiligo.server.cors import Cors
from fhir_vitiligo.server.settings import Settings
from fhir_vitiligo.storage.sqlite import SqliteRepository

from .support import Client, told

XML = "application/fhir+xml"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "a",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">A &amp; B</div>'},
    "identifier": [{"system": "urn:x", "value": "1"}],
    "name": [{"family": "Å", "_given": [{"id": "g"}], "given": ["B"]}],
    "birthDate": "2001",
    "contact": [{"name": {"text": "c"}}],
    "link": [{"other": {"reference": "Patient/b"}, "type": "seealso"}],
}
PATIENT_XML = b'<Patient xmlns="http://hl7.org/fhir"><id value="x"/><gender value="male"/></Patient>'


def root(answer: Any) -> str:
    media, _, options = answer.headers["content-type"].partition("; ")
    assert media in ("application/fhir+xml", "application/xml", "text/xml"), answer.text
    assert options == "charset=utf-8"
    text: str = answer.text
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<'), text[:100]
    return text.split("<", 2)[2].split(" ", 1)[0]


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", "application/fhir+xml"),
        ("", "application/xml;q=0.9, application/fhir+json;q=0.1"),
        ("", "text/turtle, text/xml"),
        ("", "application/fhir+xml; fhirVersion=4.0"),
        ("_format=xml", "application/json"),
        ("_format=application/fhir%2Bxml", ""),
        ("_format=application/fhir+xml", ""),
    ],
)
def test_xml_is_sent_to_who_asks_for_it(client: Client, query: str, accept: str) -> None:
    client.put(PATIENT)
    for url, kind in (
        ("Patient/a", "Patient"),
        ("Patient", "Bundle"),
        ("Patient/a/_history", "Bundle"),
        ("metadata", "CapabilityStatement"),
        ("Patient/none", "OperationOutcome"),
        ("Patient?gendre=x", "OperationOutcome"),
    ):
        mark = "&" if "?" in url else "?"
        answer = client.get(f"/fhir/{url}{mark}{query}", headers={"Accept": accept} if accept else {})
        assert root(answer) == kind


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+json",
        "application/json",
        "*/*",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "application/fhir+xml;q=0.1, application/fhir+json",
        "application/fhir+xml;q=0, */*",
    ],
)
def test_json_is_sent_to_everyone_else(client: Client, accept: str) -> None:
    assert client.get("/fhir/metadata", headers={"Accept": accept}).json()["resourceType"]


@pytest.mark.parametrize("media", [XML, "application/xml; charset=utf-8", "text/xml"])
def test_xml_is_read_by_every_write(client: Client, media: str) -> None:
    headers = {"Content-Type": media}

    def send(method: str, url: str, body: bytes) -> Any:
        return client.request(method, f"/fhir/{url}", content=body, headers=headers)

    assert send("POST", "Patient", PATIENT_XML).json()["gender"] == "male"
    assert send("PUT", "Patient/x", PATIENT_XML).status_code == 201
    bundle = (
        b'<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry><resource>'
        + PATIENT_XML
        + b'</resource><request><method value="PUT"/><url value="Patient/x"/></request></entry></Bundle>'
    )
    done = client.request("POST", "/fhir", content=bundle, headers={**headers, "Accept": XML})
    assert root(done) == "Bundle"
    assert client.get("/fhir/Patient/x").json()["meta"]["versionId"] == "2"
    assert send("POST", "Patient/$validate", PATIENT_XML).json()["resourceType"] == "OperationOutcome"
    wrong = send("POST", "Patient", PATIENT_XML.replace(b"gender", b"gendre"))
    assert wrong.status_code == 422
    assert "gendre" in told(wrong)
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + PATIENT_XML.replace(b"male", b"&b;")
    assert send("POST", "Patient", bomb).status_code == 400


def test_a_fhirpath_patch_is_read_as_xml(client: Client) -> None:
    client.put(PATIENT)
    patch = (
        b'<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>'
        b'<part><name value="type"/><valueCode value="replace"/></part>'
        b'<part><name value="path"/><valueString value="Patient.birthDate"/></part>'
        b'<part><name value="value"/><valueDate value="2002"/></part></parameter></Parameters>'
    )
    answer = client.request("PATCH", "/fhir/Patient/a", content=patch, headers={"Content-Type": XML})
    assert answer.json()["birthDate"] == "2002"


def test_what_goes_out_as_xml_comes_in_again_the_same(client: Client) -> None:
    client.put(PATIENT)
    sent = client.get("/fhir/Patient/a?_format=xml").content
    client.request("PUT", "/fhir/Patient/a", content=sent, headers={"Content-Type": XML})
    found = client.get("/fhir/Patient/a").json()
    assert {name: value for name, value in found.items() if name != "meta"} == PATIENT
    pretty = client.get("/fhir/Patient/a?_format=xml&_pretty=true").text
    assert '\n  <id value="a"/>\n' in pretty


def test_a_search_form_may_ask_for_format_and_elements(client: Client) -> None:
    client.put(PATIENT)
    form = {"identifier": "urn:x|1", "_elements": "birthDate", "_format": "xml"}
    answer = client.request("POST", "/fhir/Patient/_search?birthdate=2001", data=form)
    assert root(answer) == "Bundle"
    assert "birthDate" in answer.text
    assert "identifier" not in answer.text.split("<resource>")[1]
    everywhere = client.request("POST", "/fhir/_search", data={"_type": "Patient,Basic"})
    assert everywhere.json()["total"] == 1


def test_a_compartment_is_searched(client: Client) -> None:
    client.put(PATIENT)
    for id in ("o", "p"):
        client.put(
            {
                "resourceType": "Observation",
                "id": id,
                "status": "final",
                "subject": {"reference": "Patient/a"},
            }
        )
    client.put({"resourceType": "Observation", "id": "q", "status": "final"})
    page = client.get("/fhir/Patient/a/Observation?status=final&_count=1").json()
    assert page["total"] == 2
    links = {link["relation"]: link["url"] for link in page["link"]}
    assert links["self"] == "http://test.example/fhir/Patient/a/Observation?status=final&_count=1"
    following = client.get(links["next"]).json()
    assert following["entry"][0]["resource"]["id"] == "p"
    assert client.get("/fhir/Patient/b/Observation").json()["total"] == 0
    found = client.get("/fhir/Patient/a/*").json()["entry"]
    assert {entry["resource"]["id"] for entry in found} >= {"o", "p"}
    by_form = client.request(
        "POST", "/fhir/Patient/a/Observation/_search?_count=1", data={"status": "final"}
    ).json()
    assert [entry["resource"]["id"] for entry in by_form["entry"]] == ["o"]
    links = {link["relation"]: link["url"] for link in by_form["link"]}
    assert links["next"].startswith("http://test.example/fhir/Patient/a/Observation?")
    assert client.get(links["next"]).json()["entry"][0]["resource"]["id"] == "p"
    of_all = client.request("POST", "/fhir/Patient/a/*/_search", data={"_type": "Observation"}).json()
    assert of_all["total"] == 2
    refused = client.request("POST", "/fhir/Patient/a/Nothing/_search", data={})
    assert refused.status_code == 404
    assert "'Nothing' is no resource type" in refused.text


def test_texts_alone_are_not_asked_together_with_what_they_refer_to(client: Client) -> None:
    client.put(PATIENT)
    client.put(
        {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/a"}}
    )
    asked = "/fhir/Observation?_summary=text&_include=Observation:subject"
    refused = client.get(asked)
    assert refused.status_code == 400
    assert "_include cannot be asked together with _summary=text" in refused.text
    answer = client.get(asked, headers={"Prefer": "handling=lenient"}).json()
    modes = [entry["search"]["mode"] for entry in answer["entry"]]
    assert modes == ["match", "outcome"]
    assert "_include" in answer["entry"][1]["resource"]["issue"][0]["diagnostics"]
    assert "_include" not in next(link["url"] for link in answer["link"] if link["relation"] == "self")
    whole = client.get("/fhir/Observation?_summary=true&_include=Observation:subject").json()
    assert [entry["search"]["mode"] for entry in whole["entry"]] == ["match", "include"]


def test_types_are_searched_together(client: Client) -> None:
    client.put(PATIENT)
    client.put({"resourceType": "Basic", "id": "b"})
    for base in ("/fhir", "/fhir/"):
        page = client.get(f"{base}?_type=Patient,Basic&_count=1").json()
        assert page["total"] == 2
        links = {link["relation"]: link["url"] for link in page["link"]}
        assert links["self"] == "http://test.example/fhir?_type=Patient,Basic&_count=1"
        assert len(client.get(links["next"]).json()["entry"]) == 1


def test_what_comes_along_is_told_apart_from_what_was_found(client: Client) -> None:
    client.put(PATIENT)
    client.put({"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/a"}})
    page = client.get("/fhir/Observation?_include=Observation:patient&_elements=status").json()
    assert [(entry["resource"]["id"], entry["search"]["mode"]) for entry in page["entry"]] == [
        ("o", "match"),
        ("a", "include"),
    ]
    assert page["total"] == 1
    # The elements are those of the results; what came along is cut where its type is named, by _summary anyway.
    found, along = (entry["resource"] for entry in page["entry"])
    assert "subject" not in found
    assert along["name"] == PATIENT["name"]
    assert "tag" not in along["meta"]
    url = "/fhir/Observation?_include=Observation:patient"
    along = client.get(f"{url}&_elements=status,Patient.birthDate").json()["entry"][1]["resource"]
    assert set(along) == {"resourceType", "id", "meta", "birthDate"}
    along = client.get(f"{url}&_summary=data").json()["entry"][1]["resource"]
    assert "text" in client.get("/fhir/Patient/a").json()
    assert "text" not in along
    assert along["meta"]["tag"][0]["code"] == "SUBSETTED"


SUBSETTED = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"


@pytest.mark.parametrize(
    ("query", "members"),
    [
        ("_summary=true", {"identifier", "name", "birthDate", "link"}),
        ("_summary=text", {"text"}),
        ("_summary=data", {"identifier", "name", "birthDate", "contact", "link"}),
        ("_elements=birthDate,name,nonsense,resourceType", {"birthDate", "name"}),
        ("_elements=Patient.birthDate", {"birthDate"}),
    ],
)
def test_a_part_of_a_resource_is_marked_as_one(client: Client, query: str, members: set[str]) -> None:
    client.put(PATIENT)
    alone = client.get(f"/fhir/Patient/a?{query}").json()
    page = client.get(f"/fhir/Patient?{query}").json()
    past = client.get(f"/fhir/Patient/a/_history?{query}").json()
    for found in (alone, page["entry"][0]["resource"], past["entry"][0]["resource"]):
        assert set(found) == {"resourceType", "id", "meta", *members}
        assert found["meta"]["tag"][0]["code"] == "SUBSETTED"
        assert found["meta"]["tag"][0]["system"] == SUBSETTED
        assert found["meta"]["versionId"] == "1"


def test_elements_keep_what_a_resource_cannot_be_without_and_choices(client: Client) -> None:
    body = {
        "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
        "valueQuantity": {"value": 1}, "subject": {"reference": "Patient/a"},
        "component": [{"code": {"text": "y"}, "valueString": "z"}],
    }  # fmt: skip
    client.put(body)
    found = client.get("/fhir/Observation/o?_elements=value").json()
    assert set(found) == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}
    assert client.get("/fhir/Observation/o?_summary=false").json().keys() == {*body, "meta"}
    assert "entry" not in client.get("/fhir/Observation?_summary=count").json()
    # What is no part of it says nothing about it.
    assert set(client.get("/fhir/Observation/o?_elements=Patient.name").json()) == {*body, "meta"}


def test_an_elements_of_a_data_absent_value_is_kept_with_its_sibling(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "n", "_birthDate": {"id": "x"}, "gender": "male"})
    assert "_birthDate" in client.get("/fhir/Patient/n?_elements=birthDate").json()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),
        ("identity", lambda body: body),
    ],
)
def test_packed_bodies_are_read(client: Client, encoding: str, pack: Any) -> None:
    body = b'{"resourceType":"Patient","gender":"male"}'
    headers = {"Content-Encoding": encoding, "Content-Type": "application/fhir+json"}
    answer = client.request("POST", "/fhir/Patient", content=pack(body), headers=headers)
    assert (answer.status_code, answer.json()["gender"]) == (201, "male")


def test_large_answers_are_packed_for_who_takes_it(repository: SqliteRepository) -> None:
    client = Client(create_app(repository, Settings(compress_from=1000)))
    packed = client.get("/fhir/metadata", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    plain = client.get("/fhir/metadata", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == packed.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 5
    refused = client.get("/fhir/metadata", headers={"Accept-Encoding": "gzip;q=0, *;q=0"})
    assert "content-encoding" not in refused.headers
    small = client.get("/fhir/Patient/none", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small.headers


def test_a_page_from_an_allowed_origin_may_read_and_write(client: Client) -> None:
    origin = "http://localhost:3000"
    ask = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "content-type, if-match",
    }
    allowed = client.request("OPTIONS", "/fhir/Patient/a", headers=ask)
    assert (allowed.status_code, allowed.content) == (204, b"")
    assert allowed.headers["access-control-allow-origin"] == origin
    assert "PATCH" in allowed.headers["access-control-allow-methods"]
    assert allowed.headers["access-control-allow-headers"] == "content-type, if-match"
    for url in ("/fhir/metadata", "/fhir/Patient/none", "/fhir/$nothing"):
        answer = client.get(url, headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]
    other = client.request("OPTIONS", "/fhir/Patient/a", headers={**ask, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    assert client.request("OPTIONS", "/fhir/Patient").headers["allow"] == (
        "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    )


@pytest.mark.parametrize(
    ("origins", "origin", "allows"),
    [
        (("*",), "https://a.example", True),
        ((), "https://a.example", False),
        (("https://a.example",), "https://a.example", True),
        (("https://a.example",), "https://A.example:8443", True),
        (("https://a.example:1",), "https://a.example:2", False),
        (("https://a.example",), "https://a.example.evil", False),
        (("http://localhost",), "https://localhost", False),
        (("https://a.example/",), "null", False),
    ],
)
def test_origins(origins: tuple[str, ...], origin: str, allows: bool) -> None:
    assert Cors(origins).allows(origin) is allows


def test_a_request_id_is_told_back(client: Client) -> None:
    for url in ("/fhir/metadata", "/fhir/Patient/none", "/fhir/x/y/z/a/b"):
        assert client.get(url, headers={"X-Request-Id": "r-1"}).headers["x-request-id"] == "r-1"
    assert "x-request-id" not in client.get("/fhir/metadata").headers
    assert "x-request-id" not in client.get("/fhir/metadata", headers={"X-Request-Id": "a b"}).headers


def test_what_was_not_modified_is_not_sent(client: Client) -> None:
    modified = client.put(PATIENT).headers["last-modified"]

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get("/fhir/Patient/a", headers=named).status_code

    assert status(If_Modified_Since=modified) == 304
    assert status(If_Modified_Since="Sat, 29 Oct 1994 19:43:31 GMT") == 200
    assert status(If_Modified_Since="yesterday") == 200
    assert status(If_Modified_Since=modified, If_None_Match='W/"7"') == 200
    assert status(If_None_Match='W/"7", W/"1"') == 304
    assert status(If_None_Match="*") == 304


def test_a_write_may_expect_something_or_nothing_to_be_there(client: Client) -> None:
    def put(**headers: str) -> int:
        return client.send("PUT", "/fhir/Patient/a", PATIENT, **headers).status_code

    assert put(If_Match="*") == 412
    assert put(If_None_Match="*") == 201
    assert put(If_None_Match="*") == 412
    assert put(If_Match="*") == 200
    assert client.request("DELETE", "/fhir/Patient/a", headers={"If-Match": "*"}).status_code == 204
    assert client.request("DELETE", "/fhir/Patient/a", headers={"If-Match": "*"}).status_code == 412
    assert put(If_Match="*") == 412
    assert put(If_None_Match="*") == 201


@pytest.mark.parametrize(
    "prefer",
    [
        "return=presentation", "return", "respond-async", "handling=strict; return=minimal", "return=minimal,x=y",
        ";;,=", 'return="minimal"',
    ],
)  # fmt: skip
def test_no_preference_fails(client: Client, prefer: str) -> None:
    answer = client.send("POST", "/fhir/Patient", {"resourceType": "Patient"}, Prefer=prefer)
    assert answer.status_code == 201
    assert (answer.content == b"") is ("minimal" in prefer)


def test_what_is_left_out_is_left_out_of_the_following_pages_too(client: Client) -> None:
    for number in range(3):
        client.put(
            {"resourceType": "Patient", "id": f"p{number}", "gender": "female", "birthDate": "1980-05-06"}
        )
    url, seen = "/fhir/Patient?_elements=birthDate&_count=1", 0
    while url:
        page = client.get(url).json()
        assert [set(entry["resource"]) & {"gender", "birthDate"} for entry in page["entry"]] == [
            {"birthDate"}
        ]
        seen += 1
        url = next((one["url"] for one in page["link"] if one["relation"] == "next"), "")
    assert seen == 3


def test_a_count_of_results_needs_no_page(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "p"})
    page = client.get("/fhir/Patient?_count=5&_summary=count").json()
    assert page["total"] == 1
    assert "entry" not in page


def test_every_answer_says_what_it_depends_on(client: Client) -> None:
    client.put(PATIENT)
    for url in (
        "Patient/a",
        "Patient",
        "Patient/none",
        "metadata",
        "Patient/a/_history",
        "Patient/a?_format=xml",
    ):
        for accept in (
            "application/fhir+json",
            "application/fhir+xml",
            "application/fhir+json; fhirVersion=5.0",
        ):
            answer = client.get(f"/fhir/{url}", headers={"Accept": accept})
            assert answer.headers["vary"] == "Accept, Accept-Encoding", (url, accept)
    known = client.get("/fhir/Patient/a", headers={"If-None-Match": 'W/"1"'})
    assert (known.status_code, known.headers["vary"]) == (304, "Accept, Accept-Encoding")


@pytest.mark.parametrize("query", ["", "_pretty=true", "_format=json"])
def test_who_has_the_version_in_json_gets_it_once(client: Client, query: str) -> None:
    tag = client.put(PATIENT).headers["etag"]
    headers = {"If-None-Match": tag, "Accept": "application/fhir+json"}
    assert client.get(f"/fhir/Patient/a?{query}", headers=headers).status_code == 304


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", "application/fhir+xml"),
        ("", "text/html"),
        ("", "application/fhir+json; fhirVersion=5.0"),
        ("_format=xml", "application/fhir+json"),
        ("_elements=name", "application/fhir+json"),
        ("_summary=true", "application/fhir+json"),
    ],
)
def test_the_tag_of_a_version_is_not_taken_for_another_form_of_it(
    client: Client, query: str, accept: str
) -> None:
    stored = client.put(PATIENT).headers
    for name, value in (("If-None-Match", stored["etag"]), ("If-Modified-Since", stored["last-modified"])):
        answer = client.get(f"/fhir/Patient/a?{query}", headers={name: value, "Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["etag"] == stored["etag"]  # for If-Match
        # Another URL is another matter for a cache; under the same one it may keep JSON alone.
        is_kept = "_elements" in query or "_summary" in query
        assert (answer.headers.get("cache-control") == "no-store") is not is_kept


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/json", "application/json; charset=utf-8"),
        ("text/json", "text/json; charset=utf-8"),
        ("application/xml", "application/xml; charset=utf-8"),
        ("text/xml;q=0.9", "text/xml; charset=utf-8"),
        ("application/json; fhirVersion=5.0", "application/json; fhirVersion=5.0; charset=utf-8"),
        ("application/fhir+json, application/json", "application/fhir+json; charset=utf-8"),
        ("*/*", "application/fhir+json; charset=utf-8"),
    ],
)
def test_the_answer_has_the_name_that_it_was_asked_for_by(client: Client, accept: str, media: str) -> None:
    client.put(PATIENT)
    for url in ("Patient/a", "Patient/a?_pretty=true", "Patient", "metadata", "Patient/none"):
        assert client.get(f"/fhir/{url}", headers={"Accept": accept}).headers["content-type"] == media, url
    assert (
        client.get("/fhir/Patient/a?_format=json").headers["content-type"].startswith("application/fhir+json")
    )
