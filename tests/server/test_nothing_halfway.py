"""What is refused has done nothing, what is done is told, and an entry of a batch stands for itself, in every form of the Bundle."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.xml import to_json

from .support import Client, told
from .test_bundles import bundle, done, entry, statuses

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "a", "gender": "female"}
XML = "application/fhir+xml"
R5 = "application/fhir+json; fhirVersion=5.0"


def patients(client: Client) -> int:
    total: int = client.get("/fhir/Patient?_summary=count").json()["total"]
    return total


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/fhir/Patient/b", {"resourceType": "Patient", "id": "b"}),
        ("POST", "/fhir/Patient", {"resourceType": "Patient"}),
        ("PATCH", "/fhir/Patient/a", {"gender": "male"}),
        ("DELETE", "/fhir/Patient/a", None),
        ("POST", "/fhir", bundle("transaction", entry("POST", "Patient", {"resourceType": "Patient"}))),
        ("POST", "/fhir", bundle("batch", entry("POST", "Patient", {"resourceType": "Patient"}))),
    ],
)
@pytest.mark.parametrize("prefer", ["return=minimal", "return=representation"])
def test_a_summary_that_is_none_is_refused_before_anything_is_done(
    client: Client, method: str, path: str, body: Any, prefer: str
) -> None:
    client.put(PATIENT)
    answer = client.send(method, f"{path}?_summary=yes", body, Prefer=prefer)
    assert answer.status_code == 400
    assert "_summary is one of true, text, data, count, false, not 'yes'" in told(answer)
    assert answer.json()["issue"][0]["expression"] == ["_summary"]
    assert patients(client) == 1
    assert client.get("/fhir/Patient/a").json()["meta"]["versionId"] == "1"


@pytest.mark.parametrize("character", ["\\uFFFE", "\\uffff", "\ufffe", "\uffff"])
def test_what_is_no_character_is_refused_with_its_place(client: Client, character: str) -> None:
    body = '{"resourceType":"Patient",\n"name":[{"family":"A' + character + '"}]}'
    answer = client.send("POST", "/fhir/Patient", body.encode())
    assert answer.status_code == 422, answer.text
    assert told(answer).startswith("2:21: a string has the control character U+FFF")
    answer = client.send(
        "POST", "/fhir/Patient", '{"resourceType":"Patient","name":[{"family":"�"}]}'.encode()
    )
    assert answer.status_code == 201, "the replacement character is one"


@pytest.mark.parametrize(
    ("method", "url", "status"), [("POST", "/fhir/Patient", 201), ("PUT", "/fhir/Patient/a", 200)]
)
def test_what_was_written_and_cannot_be_shown_is_not_refused(
    client: Client, method: str, url: str, status: int
) -> None:
    client.put(PATIENT)
    answer = client.send(method, url, {**PATIENT, "nix": 1}, Accept=XML)
    assert answer.status_code == status, answer.text
    assert "/Patient/" in answer.headers["Location"]
    assert answer.headers["ETag"]
    assert "This was done; what became of it cannot be shown." in told(answer)
    assert "`nix` is not an element of Patient" in told(answer)
    assert client.get("/fhir/Patient/a", headers={"Accept": XML}).status_code == (
        406 if method == "PUT" else 200
    )


def test_if_match_is_asked_before_the_content(strict: Client) -> None:
    strict.put({**PATIENT, "gender": "male"})
    strict.put(PATIENT)
    test = [{"op": "test", "path": "/gender", "value": "male"}]
    patch = {"If_Match": 'W/"1"', "Content_Type": "application/json-patch+json"}
    broken = {**PATIENT, "gender": "x"}
    for method, body, headers in (("PATCH", test, patch), ("PUT", broken, {"If_Match": 'W/"1"'})):
        answer = strict.send(method, "/fhir/Patient/a", body, **headers)
        assert answer.status_code == 412, answer.text
        assert "was expected in version 1, but its version is 2: read it again" in told(answer)
    assert strict.send("PUT", "/fhir/Patient/a", broken, If_Match='W/"2"').status_code == 422
    assert strict.send("PUT", "/fhir/Patient/b", {**broken, "id": "b"}, If_Match="*").status_code == 412


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_condition_creates_nothing(client: Client, text: str) -> None:
    answer = client.send("POST", "/fhir/Patient", {"resourceType": "Patient"}, If_None_Exist=text)
    assert answer.status_code == 400
    assert "give the search that finds what may be there" in told(answer)
    one = entry("POST", "Patient", {"resourceType": "Patient"}, ifNoneExist=text)
    assert client.send("POST", "/fhir", bundle("transaction", one)).status_code == 400
    assert statuses(done(client, one, kind="batch")) == ["400"]
    assert patients(client) == 0


@pytest.mark.parametrize("url", ["Patient/_search?_id=a", "_search?_type=Patient&_id=a"])
def test_a_search_by_post_in_a_batch_brings_what_it_finds(client: Client, url: str) -> None:
    client.put(PATIENT)
    (found,) = done(client, entry("POST", url), kind="batch")
    assert found["resource"]["type"] == "searchset"
    assert [one["resource"]["id"] for one in found["resource"]["entry"]] == ["a"]


def test_a_batch_tells_when_it_wrote_as_exactly_as_a_transaction(client: Client) -> None:
    (found,) = done(client, entry("PUT", "Patient/a", PATIENT), kind="batch")
    updated = client.get("/fhir/Patient/a").json()["meta"]["lastUpdated"]
    assert found["response"]["lastModified"] == updated


GOOD = "<entry><resource><Patient><gender value='male'/></Patient></resource><request><method value='POST'/><url value='Patient'/></request></entry>"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("<foo value='1'/><gender value='male'/>", "Patient: 1:84: `foo` is not an element of Patient"),
        ("<name/><gender value='male'/>", "Patient.name[0]: 1:84: <name> is empty"),
        ("<gender value='male'/><gender value='male'/>", "Patient: 1:106: `gender` stands 2 times here"),
        ("<gender value='banana'/>", "Patient.gender: `gender` is 'banana': use female"),
    ],
)
def test_an_entry_in_xml_that_is_wrong_is_refused_alone(strict: Client, content: str, sentence: str) -> None:
    def asked(kind: str) -> Any:
        bad = GOOD.replace("<gender value='male'/>", content)
        text = f"<Bundle xmlns='http://hl7.org/fhir'><type value='{kind}'/>{bad}{GOOD}</Bundle>"
        return strict.send("POST", "/fhir", text.encode(), Content_Type=XML)

    answer = asked("batch")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/fhir+json")
    assert statuses(answer.json()["entry"]) == ["422", "201"]
    issue = answer.json()["entry"][0]["response"]["outcome"]["issue"][0]
    assert f"{issue['expression'][0]}: {issue['diagnostics']}".startswith(sentence)
    assert patients(strict) == 1
    assert asked("transaction").status_code == 422
    assert patients(strict) == 1


def test_an_entry_in_r5_that_is_wrong_is_refused_alone(strict: Client) -> None:
    posts = [
        entry("POST", "Patient", {"resourceType": "Patient", "gender": "banana"}),
        entry("POST", "Device", {"resourceType": "Device"}),
        entry("PATCH", "Patient/a", {"resourceType": "Parameters"}),
        entry("POST", "Patient", PATIENT, full_url="urn:uuid:5b1e4c5e-6f4d-4a5e-8f0e-0d6e6a0f7f0a"),
        entry("GET", "Patient"),
    ]
    found = done(strict, *posts, kind="batch", Content_Type=R5)
    assert statuses(found) == ["422", "422", "422", "201", "200"]
    assert found[0]["response"]["outcome"]["issue"][0]["expression"] == ["Patient.gender"]
    assert (
        "a Device cannot be told in FHIR 4.0.1" in found[1]["response"]["outcome"]["issue"][0]["diagnostics"]
    )
    assert "put the whole resource there" in found[2]["response"]["outcome"]["issue"][0]["diagnostics"]
    answer = strict.send("POST", "/fhir", bundle("transaction", posts[0]), Content_Type=R5)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[0].resource.gender"]


def test_an_answer_in_r5_leaves_out_alone_what_it_cannot_tell(client: Client) -> None:
    client.put({"resourceType": "Device", "id": "d"})
    found = done(
        client,
        entry("PUT", "Patient/a", PATIENT),
        entry("GET", "Device/d"),
        entry("PUT", "Device/e", {"resourceType": "Device", "id": "e"}),
        kind="batch",
        Accept=R5,
        Prefer="return=representation",
    )
    assert statuses(found) == ["201", "406", "201"]
    assert found[0]["resource"]["gender"] == "female"
    assert (
        "a Device cannot be told in FHIR 5.0.0" in found[1]["response"]["outcome"]["issue"][0]["diagnostics"]
    )
    assert found[2]["response"]["location"].endswith("/Device/e/_history/1")
    assert "This was done" in found[2]["response"]["outcome"]["issue"][0]["diagnostics"]


def test_an_answer_in_xml_has_what_is_wrong_too(strict: Client) -> None:
    text = (
        f"<Bundle xmlns='http://hl7.org/fhir'><type value='batch'/>{GOOD.replace('gender', 'nix')}</Bundle>"
    )
    answer = strict.send("POST", "/fhir", text.encode(), Content_Type=XML, Accept=XML)
    read = to_json(answer.content, Release.R4).resource
    assert read is not None
    assert statuses(read["entry"]) == ["422"]
