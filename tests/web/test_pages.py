"""What a browser is shown."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.operations.table import served
from fhir_vitiligo.server.routes import ROUTES
from fhir_vitiligo.web.app import prefers_html
from tests.server.support import Client

from .page import BROWSER, Page

BASE = "http://test.example/fhir"


def page(client: Client, url: str, **options: Any) -> Page:
    return Page(client.get(url, headers=BROWSER, **options))


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1", "name": [{"family": "Vitalis", "given": ["Ann"]}], **more}


def condition(**more: Any) -> dict[str, Any]:
    subject = {"reference": "Patient/p1"}
    return {"resourceType": "Condition", "id": "c1", "code": {"text": "Vitiligo"}, "subject": subject, **more}


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (BROWSER["Accept"], True),
        ("text/html", True),
        ("application/fhir+json", False),
        ("*/*", False),
        ("", False),
        ("application/fhir+json, text/html", False),
        ("application/fhir+json;q=0.5, text/html;q=0.6", True),
        ("text/html;q=0", False),
        ("text/html;q=abc", False),
    ],
)
def test_who_asks_for_html_first_is_a_browser(accept: str, wanted: bool) -> None:
    assert prefers_html(accept) is wanted


def test_programs_get_what_they_got_without_pages(client: Client) -> None:
    client.put(patient())
    for accept in ("*/*", "application/fhir+json", "application/json"):
        answer = client.get("/fhir/Patient/p1", headers={"Accept": accept})
        assert answer.json()["id"] == "p1"
    assert client.get("/fhir/Patient/p1", headers=BROWSER, params={"_format": "json"}).json()["id"] == "p1"
    assert client.get("/openapi.json", headers=BROWSER).json()["openapi"]


def test_html_can_be_asked_for_by_format(client: Client) -> None:
    client.put(patient())
    assert Page(client.get("/fhir/Patient/p1?_format=html")).title == "Patient/p1"
    assert Page(client.get("/fhir/Patient?_format=text/html&_id=p1")).title == "Found in Patient: 1"


def test_the_first_page_says_what_is_here(client: Client) -> None:
    first = page(client, "/")
    assert f"{BASE}/Patient" in first.links
    assert f"{BASE}/metadata" in first.links
    assert "http://test.example/docs" in first.links
    assert len([one for one in first.links if one.startswith(f"{BASE}/")]) > 140


def test_the_api_page_has_every_route_and_operation_and_loads_nothing(client: Client) -> None:
    api = page(client, "/docs")
    for route in ROUTES:
        assert f"/{route.path}" in api.text
        assert route.summary in api.text
    for code in served(Release.R4):
        assert f"${code}" in api.text
    assert "http://test.example/openapi.json" in api.links
    assert page(client, f"{BASE}/Patient?name=vit&_count=10").title
    assert all(not attributes.get("src") for _, attributes in api.elements)
    assert all(one.startswith("http://test.example/") for one in api.links)


def test_a_resource_is_shown_with_its_references_as_links(client: Client) -> None:
    client.put(patient())
    client.put(condition(evidence=[{"detail": [{"reference": "https://other.example/fhir/Observation/7"}]}]))
    shown = page(client, "/fhir/Condition/c1")
    assert shown.title == "Condition/c1"
    assert shown.links[f"{BASE}/Patient/p1"] == "Patient/p1"
    assert "https://other.example/fhir/Observation/7" in shown.links
    assert "Vitiligo" in shown.text
    assert shown.links[f"{BASE}/Condition/c1?_format=json&_pretty=true"] == "JSON"
    assert shown.links[f"{BASE}/Condition/c1?_format=xml&_pretty=true"] == "XML"
    for address in shown.links:
        if address.startswith(BASE):
            assert client.get(address).status_code == 200, address


def test_every_element_and_digit_is_shown(client: Client) -> None:
    value = b'{"resourceType":"Observation","id":"o1","valueQuantity":{"value":1.50,"unit":"cm"},"_status":{"id":"s"},"note":[{"text":"a"},{"text":"b"}]}'
    assert client.send("PUT", "/fhir/Observation/o1", value).status_code == 201
    shown = page(client, "/fhir/Observation/o1")
    for word in ("valueQuantity", "1.50", "cm", "_status", "note", "a", "b"):
        assert word in shown.text


def test_a_narrative_is_shown(client: Client) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Ann <b>Vitalis</b>, <a href="Condition/c1">vitiligo</a></p></div>'
    client.put(patient(text={"status": "generated", "div": div}))
    shown = page(client, "/fhir/Patient/p1")
    assert "Ann Vitalis, vitiligo" in shown.text
    assert shown.links[f"{BASE}/Condition/c1"] == "vitiligo"


def test_search_results_are_a_table_with_the_next_page(client: Client) -> None:
    for number in range(3):
        client.put(condition(id=f"c{number}", onsetDateTime="2020-01-02"))
    shown = page(client, "/fhir/Condition?subject=Patient/p1&_count=2&_sort=_id")
    assert shown.title == "Found in Condition: 3"
    assert {"Condition/c0", "Condition/c1"} <= set(shown.links.values())
    assert {"Vitiligo", "2020-01-02"} <= set(re.findall(r"Vitiligo|2020-01-02", shown.text))
    (following,) = (address for address, text in shown.links.items() if text == "Next page")
    last = page(client, following)
    assert "Condition/c2" in last.links.values()
    assert "Next page" not in last.links.values()
    assert "Nothing." in page(client, "/fhir/Condition?subject=Patient/nobody").text


def test_a_history_leads_to_the_versions(client: Client) -> None:
    client.put(patient())
    client.put(patient(gender="female"))
    shown = page(client, "/fhir/Patient/p1/_history")
    assert f"{BASE}/Patient/p1/_history/1" in shown.links
    assert page(client, "/fhir/Patient/p1/_history/1").title == "Patient/p1"


def test_an_error_is_readable_and_keeps_its_status(client: Client) -> None:
    missing = page(client, "/fhir/Patient/nobody")
    assert missing.status == 404
    assert "there is no Patient/nobody here" in missing.text
    refused = page(client, "/fhir/Patient?famly=x")
    assert refused.status == 400
    assert "famly" in refused.text
    unknown = page(client, "/fhir/Patience")
    assert unknown.status == 404
    client.put(patient())
    client.request("DELETE", "/fhir/Patient/p1")
    assert page(client, "/fhir/Patient/p1").status == 410


def test_the_capability_statement_is_a_table(client: Client) -> None:
    shown = page(client, "/fhir/metadata")
    assert shown.title == "What this server does"
    assert f"{BASE}/Condition" in shown.links
    assert "onset-date" in shown.text
    assert "$everything" in shown.text


def test_a_large_answer_is_named_and_not_drawn(client: Client) -> None:
    client.put(patient(contact=[{"name": {"text": "x" * 1_000}}] * 2_100))
    shown = page(client, "/fhir/Patient/p1")
    assert shown.title == "A large answer"
    assert len(shown.text) < 2_000


def test_head_has_the_headers_of_the_page_and_no_body(client: Client) -> None:
    client.put(patient())
    got = client.get("/fhir/Patient/p1", headers=BROWSER)
    head = client.request("HEAD", "/fhir/Patient/p1", headers=BROWSER)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))
    assert head.headers["etag"] == got.headers["etag"]


def test_the_policy_allows_the_one_style_that_is_there(client: Client) -> None:
    answer = client.get("/", headers=BROWSER)
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_deep_resource_is_shown_all_the_same(client: Client) -> None:
    extension: dict[str, Any] = {"url": "http://a.example/end", "valueString": "the very end"}
    for _ in range(60):
        extension = {"url": "http://a.example/x", "extension": [extension]}
    answer = client.send("PUT", "/fhir/Patient/p1", patient(extension=[extension]))
    if answer.status_code < 300:
        assert "the very end" in page(client, "/fhir/Patient/p1").text
    else:
        assert answer.status_code in (400, 422), answer.text


def test_a_page_is_drawn_again_for_a_browser_that_knows_the_version(client: Client) -> None:
    stored = client.put({"resourceType": "Patient", "id": "a"}).headers
    headers = {
        "Accept": "text/html",
        "If-None-Match": stored["etag"],
        "If-Modified-Since": stored["last-modified"],
    }
    answer = client.get("/fhir/Patient/a", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("url", ["/fhir", "/fhir/", "/fhir?_format=html", "/fhir?_pretty=true"])
def test_the_base_is_the_first_page(client: Client, url: str) -> None:
    answer = client.get(url, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.content == client.get("/", headers={"Accept": "text/html"}).content
    searched = client.get("/fhir?_type=Patient", headers={"Accept": "text/html"})
    assert b"Resource types" not in searched.content
    assert client.get("/fhir").status_code == 400
