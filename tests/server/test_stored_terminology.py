"""Terminology operations over code systems, value sets and concept maps that are stored here."""

from __future__ import annotations

from typing import Any

import pytest

from .support import Client, told
from .test_operations import OWN, parameters, values

SYSTEM, SET, MAP = "urn:test:colours", "urn:test:set", "urn:test:map"
CODES: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "id": "colours",
    "url": SYSTEM,
    "version": "2",
    "name": "Colours",
    "status": "active",
    "content": "complete",
    "concept": [{"code": "r", "display": "red"}, {"code": "w", "display": "white"}],
}
VALUES: dict[str, Any] = {
    "resourceType": "ValueSet",
    "id": "set",
    "url": SET,
    "status": "active",
    "compose": {"include": [{"system": SYSTEM}]},
}
TRANSLATION: dict[str, Any] = {
    "resourceType": "ConceptMap",
    "id": "map",
    "url": MAP,
    "status": "active",
    "group": [
        {
            "source": SYSTEM,
            "target": "urn:test:numbers",
            "element": [
                {"code": "r", "target": [{"code": "1", "equivalence": "equivalent"}]},
                {"code": "w", "target": [{"equivalence": "unmatched", "code": "none"}]},
            ],
        }
    ],
}


@pytest.fixture(autouse=True)
def terms(client: Client) -> None:
    for resource in (CODES, VALUES, TRANSLATION):
        client.put(resource)


@pytest.mark.parametrize(
    "url",
    [
        f"ConceptMap/map/$translate?system={SYSTEM}&code=r",
        f"ConceptMap/$translate?url={MAP}&system={SYSTEM}&code=r",
        f"ConceptMap/$translate?system={SYSTEM}&code=r",
        f"ConceptMap/map/$translate?system={SYSTEM}&code=r&targetsystem=urn:test:numbers",
    ],
)
def test_a_stored_map_translates(client: Client, url: str) -> None:
    found = values(client.get(f"/fhir/{url}"))
    assert found["result"] is True
    assert found["match"][1]["valueCoding"] == {"system": "urn:test:numbers", "code": "1"}
    assert found["match"][2]["valueUri"] == MAP


def test_a_stored_map_translates_back(client: Client) -> None:
    back = "/fhir/ConceptMap/$translate?system=urn:test:numbers&code=1&reverse=true"
    assert values(client.get(back))["match"][1]["valueCoding"] == {"system": SYSTEM, "code": "r"}


def test_a_map_that_is_given_translates(client: Client) -> None:
    given = {"resourceType": "Parameters", "parameter": [{"name": "conceptMap", "resource": TRANSLATION}]}
    given["parameter"] += parameters(valueUri__system=SYSTEM, valueCode__code="r")["parameter"]  # type: ignore[operator]
    client.request("DELETE", "/fhir/ConceptMap/map")
    assert values(client.send("POST", "/fhir/ConceptMap/$translate", given))["result"] is True


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("w", "The map says that there is no such code."),
        ("x", "The map does not have this code."),
    ],
)
def test_what_a_map_does_not_translate_is_told(client: Client, code: str, message: str) -> None:
    found = values(client.get(f"/fhir/ConceptMap/map/$translate?system={SYSTEM}&code={code}"))
    assert (found["result"], found["message"]) == (False, message)


def test_a_map_that_is_nowhere_is_not_found(client: Client) -> None:
    answer = client.get("/fhir/ConceptMap/$translate?url=http://nix.example&system=a&code=b")
    assert answer.status_code == 404
    assert told(answer) == "the concept map http://nix.example is neither on board nor stored here"
    posted = parameters(valueUri__url="http://nix.example", valueUri__system="a", valueCode__code="b")
    assert client.send("POST", "/fhir/ConceptMap/$translate", posted).status_code == 404
    answer = client.get(f"/fhir/ConceptMap/$translate?url={MAP}&code=b")
    assert (answer.status_code, told(answer)) == (400, "which code system is the code of? give system")


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("colours/$validate-code?code=r", True),
        ("colours/$validate-code?code=x", False),
        (f"$validate-code?url={SYSTEM}&code=w&display=white", True),
        (f"$validate-code?url={SYSTEM}&code=w&display=black", False),
        (f"$validate-code?url={SYSTEM}&code=r&version=2", True),
        (f"$validate-code?url={SYSTEM}&code=r&version=3", False),
    ],
)
def test_a_stored_code_system_knows_its_codes(client: Client, query: str, result: bool) -> None:
    assert values(client.get(f"/fhir/CodeSystem/{query}"))["result"] is result


def test_a_code_of_another_system_is_none_of_this(client: Client) -> None:
    coding = parameters(valueCoding__coding={"system": OWN, "code": "r"})
    found = values(client.send("POST", "/fhir/CodeSystem/colours/$validate-code", coding))
    assert found["result"] is False
    assert (
        found["message"] == f"The code is one of {OWN}, and what was asked is whether it is one of {SYSTEM}."
    )


def test_a_code_system_without_an_address_is_asked_where_it_is(client: Client) -> None:
    client.put({name: value for name, value in CODES.items() if name != "url"})
    assert values(client.get("/fhir/CodeSystem/colours/$validate-code?code=r"))["result"] is True


def test_a_stored_code_is_looked_up_by_name(client: Client) -> None:
    found = values(client.get(f"/fhir/CodeSystem/$lookup?system={SYSTEM}&code=r"))
    assert (found["name"], found["version"], found["display"]) == ("Colours", "2", "red")
    own = values(client.get(f"/fhir/CodeSystem/$lookup?system={OWN}&code=vgicc-class.segmental"))
    assert own["name"] != OWN


def test_a_stored_value_set_is_made_of_a_stored_code_system(client: Client) -> None:
    expansion = client.get("/fhir/ValueSet/set/$expand").json()["expansion"]
    assert [one["code"] for one in expansion["contains"]] == ["r", "w"]
    query = f"url={SET}&system={SYSTEM}"
    assert values(client.get(f"/fhir/ValueSet/$validate-code?{query}&code=r"))["result"] is True
    assert values(client.get(f"/fhir/ValueSet/$validate-code?{query}&code=x"))["result"] is False


def _observation(id: str, code: str, system: str = SYSTEM) -> dict[str, Any]:
    code_of_it = {"coding": [{"system": system, "code": code}]}
    return {"resourceType": "Observation", "id": id, "status": "final", "code": code_of_it}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (f"code:in={SET}", ["red", "white"]),
        ("code:in=ValueSet/set", ["red", "white"]),
        ("code:in=ValueSet/nix", "the value set 'ValueSet/nix' is neither on board nor stored here"),
        (f"code:in={SET}|7", f"the value set '{SET}|7' is neither on board nor stored here"),
        (f"code:not-in={SET}", ["other", "panel"]),
        (f"code:below={SYSTEM}|r", ["red"]),
        ("code:below=urn:test:nix|r", "is neither on board nor stored here: what is below the code cannot"),
        (f"has-member.code:in={SET}", ["panel"]),
        (f"_has:Observation:has-member:code:not-in={SET}", ["red"]),
    ],
)
def test_a_search_asks_what_is_stored(client: Client, query: str, ids: list[str] | str) -> None:
    for resource in (
        _observation("red", "r"),
        _observation("white", "w"),
        _observation("other", "r", "urn:other"),
    ):
        client.put(resource)
    client.put({**_observation("panel", "p"), "hasMember": [{"reference": "Observation/red"}]})
    answer = client.get(f"/fhir/Observation?_sort=_id&{query}")
    if isinstance(ids, str):
        assert (answer.status_code, ids in told(answer)) == (400, True), told(answer)
    else:
        assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ids


def test_a_search_asks_a_stored_set_by_its_address_here(client: Client) -> None:
    client.put(_observation("red", "r"))
    answer = client.get("/fhir/Observation?code:in=http://test.example/fhir/ValueSet/set")
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ["red"]


def test_a_set_that_changes_is_asked_as_it_is_now(client: Client) -> None:
    client.put(_observation("red", "r"))
    assert client.get(f"/fhir/Observation?code:in={SET}").json()["total"] == 1
    client.put({**VALUES, "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "w"}]}]}})
    assert client.get(f"/fhir/Observation?code:in={SET}").json()["total"] == 0


FRUIT: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "id": "fruit",
    "url": "urn:test:fruit",
    "name": "Fruit",
    "status": "active",
    "content": "complete",
    "property": [{"code": "weight", "type": "decimal"}],
    "concept": [
        {
            "code": "a",
            "display": "Apple",
            "definition": "What grows on an apple tree.",
            "designation": [
                {"language": "de-CH", "value": "Öpfel"},
                {"language": "de", "value": "Apfel"},
                {"value": "Malus"},
            ],
            "property": [{"code": "weight", "valueDecimal": 1.50}],
            "concept": [{"code": "a1", "display": "Pippin"}],
        }
    ],
}


def told_parts(client: Client, query: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    answer = client.get(f"/fhir/CodeSystem/$lookup?system=urn:test:fruit&{query}").json()
    for one in answer["parameter"]:
        parts = {
            part["name"]: next(value for name, value in part.items() if name != "name")
            for part in one.get("part", ())
        }
        found.setdefault(one["name"], []).append(parts or one.get("valueString"))
    return found


def test_a_lookup_tells_all_there_is_or_what_is_asked_for(client: Client) -> None:
    client.put(FRUIT)
    found = told_parts(client, "code=a")
    assert found["display"] == ["Apple"]
    assert found["designation"] == [
        {"language": "de-CH", "value": "Öpfel"},
        {"language": "de", "value": "Apfel"},
        {"value": "Malus"},
    ]
    assert found["property"] == [
        {"code": "definition", "value": "What grows on an apple tree."},
        {"code": "child", "value": "a1"},
        {"code": "weight", "value": 1.5},
    ]
    assert told_parts(client, "code=a1&property=parent")["property"] == [{"code": "parent", "value": "a"}]
    assert "designation" not in told_parts(client, "code=a&property=weight")
    assert told_parts(client, "code=a&property=lang.de")["designation"] == [
        {"language": "de", "value": "Apfel"}
    ]


@pytest.mark.parametrize(
    ("language", "display"), [("de", "Apfel"), ("de-CH", "Öpfel"), ("de-AT", "Apfel"), ("fr", "Apple")]
)
def test_words_come_in_the_language_asked_for(client: Client, language: str, display: str) -> None:
    client.put(FRUIT)
    client.put({**VALUES, "compose": {"include": [{"system": "urn:test:fruit"}]}})
    assert told_parts(client, f"code=a&displayLanguage={language}")["display"] == [display]
    url = f"/fhir/ValueSet/set/$expand?displayLanguage={language}&includeDesignations=true"
    expansion = client.get(url).json()["expansion"]
    assert expansion["contains"][0]["display"] == display
    assert {"language": "de", "value": "Apfel"} in expansion["contains"][0]["designation"]
    assert {"name": "displayLanguage", "valueCode": language} in expansion["parameter"]
    assert {"name": "includeDesignations", "valueBoolean": True} in expansion["parameter"]
    assert "designation" not in client.get("/fhir/ValueSet/set/$expand").json()["expansion"]["contains"][0]
