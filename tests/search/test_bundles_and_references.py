"""Bundles, references, outcomes and JSON text: what the store and the search read resources with."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.bundles import iter_documents, iter_resources
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.fhir.references import (
    find_references,
    is_conditional,
    is_id,
    parse_restful,
    rewrite_links,
)

P, Q = {"resourceType": "Patient", "id": "p"}, {"resourceType": "Patient", "id": "q"}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def test_resources_come_out_of_whatever_holds_them() -> None:
    assert list(iter_resources(P)) == [P]
    assert list(iter_resources(bundle(P, Q))) == [P, Q]
    assert list(iter_resources(bundle(P, bundle(Q)))) == [P, Q]
    assert list(iter_resources([P, bundle(Q)])) == [P, Q]
    assert list(iter_resources({"resourceType": "Bundle", "type": "searchset"})) == []
    deletion = {
        "resourceType": "Bundle",
        "entry": [{"request": {"method": "DELETE", "url": "Patient/p"}}, {"resource": P}],
    }
    assert list(iter_resources(deletion)) == [P]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (5, ""),
        ({}, ""),
        ([P, "x"], "[1]"),
        (bundle(P, {"id": "x"}), "Bundle.entry[1].resource"),
        (bundle(P, bundle({"id": "x"})), "Bundle.entry[1].resource.Bundle.entry[0].resource"),
        ({"resourceType": "Bundle", "entry": [P, 7]}, "Bundle.entry[1]"),
        ({"resourceType": "Bundle", "entry": "all"}, "Bundle.entry"),
    ],
)
def test_what_is_no_resource_is_told_with_its_place(document: Any, place: str) -> None:
    with pytest.raises(InputError) as caught:
        list(iter_resources(document))
    assert caught.value.issues[0].expression == place


def test_documents_are_one_json_or_one_a_line() -> None:
    assert list(iter_documents(b'{\n "a": 1\n}\n')) == [{"a": 1}]
    assert list(iter_documents(b'{"a":1}\n\n{"b":2}\r\n')) == [{"a": 1}, {"b": 2}]
    assert list(iter_documents(b'{"a":1}')) == [{"a": 1}]
    documents = iter_documents(b'{"a":1}\n{"b":2}\n[3]\n')
    assert [next(documents), next(documents)] == [{"a": 1}, {"b": 2}]
    with pytest.raises(InputError, match="3: expected a JSON object, found an array") as caught:
        next(documents)
    assert caught.value.issues[0].line == 3


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Patient/1", ("", "Patient", "1", "")),
        ("Patient/a.b-C/_history/3", ("", "Patient", "a.b-C", "3")),
        ("https://x.org/r4/Patient/1", ("https://x.org/r4", "Patient", "1", "")),
        ("http://x.org/a/b/Patient/1/_history/2", ("http://x.org/a/b", "Patient", "1", "2")),
    ],
)
def test_a_restful_reference_has_parts_that_make_it_again(text: str, parts: tuple[str, ...]) -> None:
    found = parse_restful(text)
    assert found is not None
    assert (found.base, found.type, found.id, found.version) == parts
    assert str(found) == text


@pytest.mark.parametrize(
    "text", ["urn:uuid:1", "#p", "Patient", "Patient/", "patient/1", "Patient?x=1", "Patient/a b", ""]
)
def test_other_references_are_not_restful(text: str) -> None:
    assert parse_restful(text) is None


def test_ids_and_conditional_references() -> None:
    assert is_id("a-B.9")
    assert not any(is_id(text) for text in ("", "a_b", "a" * 65, "ä", "a\n"))
    assert is_conditional("Patient?identifier=a|b")
    assert not any(
        is_conditional(text) for text in ("Patient", "http://x/Patient?y=1", "?x=1", "patient?x=1", "P?")
    )


def test_references_are_found_with_their_place() -> None:
    resource = {
        "resourceType": "Observation",
        "subject": {"reference": "Patient/1"},
        "performer": [{"reference": "Practitioner/2"}, {"display": "x"}],
        "component": [{"extension": [{"valueReference": {"reference": "#c"}}]}],
    }
    assert find_references(resource) == [
        ("Observation.subject.reference", "Patient/1"),
        ("Observation.performer[0].reference", "Practitioner/2"),
        ("Observation.component[0].extension[0].valueReference.reference", "#c"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b'{"resourceType": "Observation", "subject": {"reference" : "Patient/1"}, "code": {"text": "reference"}}',
        rb'{"resourceType": "Observation", "subject": {"\u0072eference": "Patient/1"}, "reference": "Patient/2"}',
        rb'{"focus": [{"reference": "a"}, {"reference": 3}], "note": [{"text": "\"reference\""}]}',
    ],
)
def test_with_the_texts_of_the_members_the_same_references_are_found(text: bytes) -> None:
    resource = json.loads_object(text)
    found = find_references(resource)
    assert found
    assert find_references(resource, json_text.members(text)) == found


def test_links_are_rewritten_and_what_has_none_is_the_same_object() -> None:
    resource = {"subject": {"reference": "a"}, "text": {"div": "<a href='a'>a</a>"}, "code": {"text": "a"}}
    before = json.dumps(resource)
    assert rewrite_links(resource, {"a": "b"}.get) == {
        "subject": {"reference": "b"},
        "text": {"div": "<a href='b'>a</a>"},
        "code": {"text": "a"},
    }
    assert json.dumps(resource) == before, "the resource that was given is not changed"
    assert rewrite_links(resource, {"z": "b"}.get) is resource


def test_issues_become_an_operation_outcome() -> None:
    issue = Issue("error", "invalid", "Patient.name", "It is wrong.", source="a.json", line=3)
    assert operation_outcome([issue]) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "invalid",
                "details": {"text": "It is wrong."},
                "diagnostics": "a.json:3: It is wrong.",
                "expression": ["Patient.name"],
            }
        ],
    }
    (nothing,) = operation_outcome([])["issue"]
    assert nothing["severity"] == "information"


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans())))
def test_an_object_taken_apart_and_joined_is_the_same(value: dict[str, Any]) -> None:
    assert json.loads(json_text.object_text(json_text.members(json.dumps(value)))) == value


@pytest.mark.parametrize("text", [b"[1]", b"{", b'{"a":\xff}', b"{" + b'"a":{' * 3000])
def test_text_that_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(InputError, match="JSON"):
        json_text.members(text)


def test_depth_is_measured_without_recursion() -> None:
    value: Any = 1
    for _ in range(50_000):
        value = [value]
    with pytest.raises(InputError, match="nested more than 200 levels deep"):
        json_text.check_depth(value)
    json_text.check_depth({"a": [{"b": [1]}]}, 4)
    with pytest.raises(InputError):
        json_text.check_depth({"a": [{"b": [1]}]}, 3)
    while isinstance(value, list):  # taken apart by hand: the interpreter's own way is recursive
        value = value[0]
