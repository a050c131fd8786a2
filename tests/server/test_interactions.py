"""The interactions, as a client sees them."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest

from fhir_vitiligo.server.settings import Settings

from .support import Client, told

PATIENT = {"resourceType": "Patient", "id": "a", "gender": "male"}


def test_create_answers_201_with_the_resource_its_place_and_its_version(client: Client) -> None:
    answer = client.send("POST", "/fhir/Patient", {**PATIENT, "id": "mine"})
    assert answer.status_code == 201
    created = answer.json()
    assert created["id"] != "mine"
    assert created["meta"]["versionId"] == "1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["location"] == f"http://test.example/fhir/Patient/{created['id']}/_history/1"
    assert answer.headers["last-modified"].endswith(" GMT")
    assert client.get(answer.headers["location"]).json() == created
    assert client.get(f"/fhir/Patient/{created['id']}").content == answer.content


def test_the_text_of_a_resource_comes_back_as_it_went_in(client: Client) -> None:
    sent = b'{"resourceType":"Observation","valueQuantity":{ "value": 1.500, "x":1E3 },"note":"\\u00e9"}'
    answer = client.send("POST", "/fhir/Observation", sent)
    assert answer.content.endswith(b'"valueQuantity":{ "value": 1.500, "x":1E3 },"note":"\\u00e9"}')


def test_prefer_decides_the_body_of_a_write(client: Client) -> None:
    minimal = client.send("PUT", "/fhir/Patient/a", PATIENT, Prefer="return=minimal")
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert minimal.headers["etag"] == 'W/"1"'
    outcome = client.send("PUT", "/fhir/Patient/a", PATIENT, Prefer="return=OperationOutcome")
    assert told(outcome) == "Patient/a was updated; its version is 2."
    assert client.send("PUT", "/fhir/Patient/a", PATIENT, Prefer="return=presentation").json()["id"] == "a"


def test_an_update_makes_versions_that_stay_readable(client: Client) -> None:
    assert client.put(PATIENT).status_code == 201
    assert client.put({**PATIENT, "gender": "female"}).status_code == 200
    assert client.get("/fhir/Patient/a").json()["gender"] == "female"
    first = client.get("/fhir/Patient/a/_history/1")
    assert first.json()["gender"] == "male"
    assert first.headers["etag"] == 'W/"1"'
    assert "there is no version '3' of Patient/a" in told(client.get("/fhir/Patient/a/_history/3"))
    assert client.get("/fhir/Patient/a/_history/x").status_code == 404
    history = client.get("/fhir/Patient/a/_history").json()
    assert (history["type"], history["total"]) == ("history", 2)
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]
    assert [entry["response"]["status"] for entry in history["entry"]] == ["200 OK", "201 Created"]


def test_if_match_and_if_none_match(client: Client) -> None:
    client.put(PATIENT)
    assert client.get("/fhir/Patient/a", headers={"If-None-Match": 'W/"1"'}).status_code == 304
    assert client.get("/fhir/Patient/a", headers={"If-None-Match": 'W/"0"'}).status_code == 200
    assert client.send("PUT", "/fhir/Patient/a", PATIENT, If_Match='W/"1"').status_code == 200
    late = client.send("PUT", "/fhir/Patient/a", PATIENT, If_Match='W/"1"')
    assert late.status_code == 412
    assert "Patient/a was expected in version 1, but its version is 2" in told(late)
    odd = client.send("PUT", "/fhir/Patient/a", PATIENT, If_Match="soon")
    assert odd.status_code == 400
    assert "'soon' is no version" in told(odd)
    assert client.request("DELETE", "/fhir/Patient/a", headers={"If-Match": 'W/"1"'}).status_code == 412


def test_a_deleted_resource_is_gone_not_unknown(client: Client) -> None:
    client.put(PATIENT)
    answer = client.request("DELETE", "/fhir/Patient/a")
    assert (answer.status_code, answer.content) == (204, b"")
    gone = client.get("/fhir/Patient/a")
    assert gone.status_code == 410
    assert told(gone) == "Patient/a was deleted"
    assert client.get("/fhir/Patient/a/_history/2").status_code == 410
    assert client.get("/fhir/Patient/a/_history/1").status_code == 200
    assert client.request("DELETE", "/fhir/Patient/a").status_code == 204
    assert client.request("DELETE", "/fhir/Patient/never").status_code == 204
    assert [
        entry["request"]["method"] for entry in client.get("/fhir/Patient/a/_history").json()["entry"]
    ] == [
        "DELETE",
        "PUT",
    ]
    assert client.put(PATIENT).status_code == 201


@pytest.mark.parametrize("how", ["header", "url"])
def test_a_conditional_create_finds_what_is_there(client: Client, how: str) -> None:
    body = {"resourceType": "Patient", "identifier": [{"system": "s", "value": "1"}]}

    def create() -> Any:
        if how == "url":
            return client.send("POST", "/fhir/Patient?identifier=s|1", body)
        return client.send("POST", "/fhir/Patient", body, If_None_Exist="identifier=s|1")

    first, second = create(), create()
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    client.send("POST", "/fhir/Patient", body)
    many = create()
    assert many.status_code == 412
    assert "it has to fit one" in told(many)


def test_a_search_tells_total_links_and_matches(client: Client) -> None:
    for n in range(5):
        client.put({"resourceType": "Observation", "id": f"o{n}", "subject": {"reference": "Patient/a"}})
    url = "/fhir/Observation?patient=a&_count=2&_unknown=1"
    seen: list[str] = []
    first = client.get(url).json()
    assert (first["type"], first["total"]) == ("searchset", 5)
    links = {link["relation"]: link["url"] for link in first["link"]}
    assert links["self"] == "http://test.example/fhir/Observation?patient=a&_count=2"
    page = first
    while True:
        found = [entry for entry in page["entry"] if entry["search"]["mode"] != "outcome"]
        assert len(found) == len(page["entry"]) - (page is first)  # which tells of _unknown
        seen += [entry["resource"]["id"] for entry in found]
        assert all(entry["search"] == {"mode": "match"} for entry in found)
        assert (
            page["entry"][0]["fullUrl"]
            == f"http://test.example/fhir/Observation/{page['entry'][0]['resource']['id']}"
        )
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            break
        page = client.get(following[0]).json()
    assert seen == ["o0", "o1", "o2", "o3", "o4"]
    form = client.request("POST", "/fhir/Observation/_search", data={"patient": "a", "_count": "0"})
    assert form.json()["total"] == 5
    assert "entry" not in form.json()


def test_an_unknown_parameter_is_refused_or_left_out_and_told(client: Client) -> None:
    refused = client.get("/fhir/Patient?gendre=male")
    assert refused.status_code == 400
    assert told(refused) == "Patient has no search parameter 'gendre'; did you mean gender?"
    lenient = client.get("/fhir/Patient?gendre=male", headers={"Prefer": "handling=lenient"}).json()
    (entry,) = lenient["entry"]
    assert entry["search"]["mode"] == "outcome"
    assert "it was left out" in entry["resource"]["issue"][0]["diagnostics"]


@pytest.mark.parametrize("name", ["_lastupdated", "_tga", "_has", "_history", "_score"])
def test_a_name_that_asks_for_nothing_is_told(client: Client, name: str) -> None:
    client.put({"resourceType": "Patient", "id": "a"})
    page = client.get(f"/fhir/Patient?{name}=1&_=1763880000").json()
    found, outcome = page["entry"]
    assert (found["resource"]["id"], page["total"]) == ("a", 1)
    assert outcome["search"]["mode"] == "outcome"
    (issue,) = outcome["resource"]["issue"]
    assert issue["diagnostics"] == f"Patient has no search parameter '{name}': it was left out"
    (link,) = page["link"]
    assert link["url"] == "http://test.example/fhir/Patient"
    checked = client.send("POST", "/fhir/$validate", page).json()
    assert not [one for one in checked["issue"] if one["severity"] == "error"], checked


def test_links_hold_what_a_query_may_hold(client: Client) -> None:
    for id in ("a", "b"):
        client.put({"resourceType": "Patient", "id": id, "identifier": [{"system": "urn:x", "value": "1"}]})
    odd = '[{^`}]<"> ü'
    answers = [
        client.get("/fhir/Patient", params={"identifier": "urn:x|1", "_elements": odd, "_count": "1"}),
        client.get("/fhir/Patient/_history", params={"_elements": f"a|{odd}", "_count": "1"}),
        client.get(
            "/fhir/Patient/$everything", params={"_type": "Patient", "_format": "json", "_count": "1"}
        ),
    ]
    for answer in answers:
        links = {link["relation"]: link["url"] for link in answer.json()["link"]}
        assert links.keys() == {"self", "next"}
        for url in links.values():
            # https://www.rfc-editor.org/rfc/rfc3986#section-3.4
            assert re.fullmatch(r"http://[^?]+\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*", url, re.ASCII), url
        assert client.get(links["next"]).status_code == 200
    assert "identifier=urn:x%7C1" in answers[0].json()["link"][0]["url"]


def test_a_form_longer_than_any_address_goes_on_by_links(client: Client) -> None:
    for n in range(3):
        value = "0" * 100 + str(n)
        client.put(
            {"resourceType": "Patient", "id": f"p{n}", "identifier": [{"system": "urn:x", "value": value}]}
        )
    wanted = ",".join(f"urn:x|{n:0101}" for n in range(350))
    form = {"identifier": wanted, "_count": "1", "_elements": "identifier", "_sort": "-_id"}
    assert len(wanted) > Settings().max_query_bytes
    page = client.request("POST", "/fhir/Patient/_search", data=form).json()
    assert page["total"] == 3
    seen = []
    while True:
        ((id, members),) = ((one["resource"]["id"], set(one["resource"])) for one in page["entry"])
        seen.append(id)
        assert members == {"resourceType", "id", "meta", "identifier"}
        links = {link["relation"]: link["url"] for link in page["link"]}
        if "next" not in links:
            break
        assert len(links["next"]) < 300
        assert wanted[:20] not in links["next"]
        elsewhere = client.get(links["next"].replace("/Patient?", "/Condition?"))
        assert elsewhere.status_code == 400
        assert "goes on with a search of Patient: follow the link as it is" in told(elsewhere)
        page = client.get(links["next"]).json()
    assert seen == ["p2", "p1", "p0"]
    gone = client.get("/fhir/Patient?_kept=0123456789&_after=WzFd")
    assert gone.status_code == 410
    assert "ask it again" in told(gone)


def test_a_query_that_fits_goes_on_as_it_is(strict: Client) -> None:
    for id in ("a", "b"):
        strict.put({"resourceType": "Patient", "id": id, "active": True})
    limit = Settings().max_query_bytes
    wanted = [f"urn:x|{n:0100}" for n in range((limit - 60) // 107)]
    # Of the last one the address fits, and would not with all its bars escaped.
    for query in (
        f"identifier:not={','.join(wanted[:100])}",
        "active=true",
        f"identifier:not={','.join(wanted)}",
    ):
        assert len(query) < limit - 20
        page = strict.get(f"/fhir/Patient?{query}&_count=1").json()
        following = page["link"][1]["url"]
        assert ("_kept" in following) is (len(query) + 2 * query.count("|") > limit - 100)
        assert [entry["resource"]["id"] for entry in strict.get(following).json()["entry"]] == ["b"]


@pytest.mark.parametrize("base", ["/fhir", "/fhir/"])
def test_a_transaction_is_done_with_and_without_the_slash(client: Client, base: str) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:1",
                "resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:2"}},
                "request": {"method": "POST", "url": "Observation"},
            },
            {
                "fullUrl": "urn:uuid:2",
                "resource": {"resourceType": "Patient", "id": "p"},
                "request": {"method": "PUT", "url": "Patient/p"},
            },
        ],
    }
    answer = client.send("POST", base, bundle)
    assert answer.status_code == 200
    entries = answer.json()["entry"]
    assert answer.json()["type"] == "transaction-response"
    assert [entry["response"]["status"] for entry in entries] == ["201 Created", "201 Created"]
    location = entries[0]["response"]["location"]
    assert re.fullmatch(r"http://test\.example/fhir/Observation/[0-9a-f-]{36}/_history/1", location)
    assert client.get(location).json()["subject"] == {"reference": "Patient/p"}
    assert client.get("/fhir/Observation?patient=http://test.example/fhir/Patient/p").json()["total"] == 1
    again = client.send("POST", base, bundle, Prefer="return=representation").json()
    assert again["entry"][1]["resource"]["meta"]["versionId"] == "2"


def test_a_transaction_is_all_or_nothing_and_names_the_entry(client: Client) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/a"}},
            {
                "resource": {**PATIENT, "id": "b"},
                "request": {"method": "PUT", "url": "Patient/b", "ifMatch": "9"},
            },
        ],
    }
    answer = client.send("POST", "/fhir", bundle)
    assert answer.status_code == 412
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1]"]
    assert client.get("/fhir/Patient/a").status_code == 404


def test_a_batch_does_each_entry_on_its_own(client: Client) -> None:
    client.put(PATIENT)
    requests = [
        ({"method": "GET", "url": "Patient/a"}, None),
        ({"method": "GET", "url": "Patient?gender=male&_count=0"}, None),
        ({"method": "GET", "url": "Patient/none"}, None),
        ({"method": "POST", "url": "Patient"}, {"resourceType": "Patient"}),
        ({"method": "PUT", "url": "Patient/a", "ifMatch": "7"}, PATIENT),
        ({"method": "DELETE", "url": "Patient/a"}, None),
        ({"method": "PATCH", "url": "Patient/a"}, PATIENT),
        ({"method": "GET", "url": ""}, None),
        ({"url": "Patient"}, None),
    ]
    entries = [{"request": request, **({"resource": body} if body else {})} for request, body in requests]
    answer = client.send("POST", "/fhir", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert answer.status_code == 200
    assert answer.json()["type"] == "batch-response"
    found = answer.json()["entry"]
    assert [entry["response"]["status"][:3] for entry in found] == [
        "200", "200", "404", "201", "412", "204", "400", "400", "400"
    ]  # fmt: skip
    assert found[0]["resource"]["id"] == "a"
    assert found[1]["resource"]["total"] == 1
    assert found[3]["response"]["location"].startswith("http://test.example/fhir/Patient/")
    assert "there is no Patient/none" in found[2]["response"]["outcome"]["issue"][0]["diagnostics"]


def test_links_come_from_the_request_and_the_proxies_before_it(client: Client) -> None:
    client.put(PATIENT)

    def base(**headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        link: str = client.get("/fhir/Patient?gender=male", headers=named).json()["link"][0]["url"]
        return link.removesuffix("/Patient?gender=male")

    assert base(Host="ehr.example:8443") == "http://ehr.example:8443/fhir"
    assert (
        base(X_Forwarded_Proto="https", X_Forwarded_Host="a.example, b.example") == "https://a.example/fhir"
    )
    assert base(X_Forwarded_Host="a.example", X_Forwarded_Port="8080") == "http://a.example:8080/fhir"
    assert base(X_Forwarded_Proto="https", X_Forwarded_Prefix="/tenant") == "https://test.example/tenant/fhir"
    assert base(Forwarded='for=1.2.3.4;proto=https;host="c.example"') == "https://c.example/fhir"
    assert base(X_Forwarded_Host='a"><script>', X_Forwarded_Proto="javascript") == "http://test.example/fhir"


def test_head_answers_as_get_without_the_body(client: Client) -> None:
    client.put(PATIENT)
    get, head = client.get("/fhir/Patient/a"), client.request("HEAD", "/fhir/Patient/a")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))


def test_pretty_indents_and_keeps_decimals(client: Client) -> None:
    client.send("PUT", "/fhir/Basic/b", b'{"resourceType":"Basic","id":"b","x":1.50}')
    text = client.get("/fhir/Basic/b?_pretty=true").text
    assert '\n  "x": 1.50\n' in text


def test_the_first_page_says_what_is_here(client: Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for url in re.findall(r'href="([^"]+)"', page.text):
        assert client.get(url).status_code == 200, url


def test_a_condition_may_have_question_marks(client: Client) -> None:
    """In a query one stands for itself: only what is before the first is the type, and the header may begin with it."""
    system = "http://x.example/number?of=a"
    body = {"resourceType": "Patient", "identifier": [{"system": system, "value": "1"}]}
    asked = f"identifier={system}|1"
    created = client.request("POST", "/fhir/Patient", json=body, headers={"If-None-Exist": asked})
    assert created.status_code == 201
    id = created.json()["id"]
    for condition in (asked, f"?{asked}", f"Patient?{asked}"):
        again = client.request("POST", "/fhir/Patient", json=body, headers={"If-None-Exist": condition})
        assert (again.status_code, again.json()["id"]) == (200, id)
    assert client.request("PUT", f"/fhir/Patient?{asked}", json=body).json()["id"] == id
    other = client.request("POST", "/fhir/Patient", json=body, headers={"If-None-Exist": f"Basic?{asked}"})
    assert other.status_code == 400
    assert "is not one on Patient" in other.text
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    entries = [
        {"resource": body, "request": {"method": "POST", "url": "Patient", "ifNoneExist": asked}},
        {
            "resource": {**observation, "subject": {"reference": f"Patient?{asked}"}},
            "request": {"method": "POST", "url": "Observation"},
        },
    ]
    done = client.request(
        "POST", "/fhir", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}
    )
    assert [entry["response"]["status"][:3] for entry in done.json()["entry"]] == ["200", "201"]
    found = client.get(f"/fhir/Observation?subject=Patient/{id}").json()
    assert found["total"] == 1
    put = {"resource": body, "request": {"method": "PUT", "url": f"Patient?{asked}"}}
    done = client.request(
        "POST", "/fhir", json={"resourceType": "Bundle", "type": "transaction", "entry": [put]}
    )
    assert done.json()["entry"][0]["response"]["location"].split("/")[-3] == id


def test_equal_conditional_creates_at_once_make_one(client: Client) -> None:
    async def race() -> list[int]:
        transport = httpx.ASGITransport(client.app)
        body = {"resourceType": "Patient", "identifier": [{"system": "s", "value": "1"}]}
        headers = {"If-None-Exist": "identifier=s|1"}
        async with httpx.AsyncClient(transport=transport, base_url="http://test.example") as session:
            works = [session.post("/fhir/Patient", json=body, headers=headers) for _ in range(20)]
            return sorted(answer.status_code for answer in await asyncio.gather(*works))

    assert asyncio.run(race()) == [200] * 19 + [201]
    assert client.get("/fhir/Patient?identifier=s|1").json()["total"] == 1


def test_an_empty_format_asks_for_none(client: Client) -> None:
    client.put({"resourceType": "Patient", "id": "p"})
    assert client.get("/fhir/Patient/p?_format=").headers["content-type"].startswith("application/fhir+json")
