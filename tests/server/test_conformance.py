"""The capability statement tells the truth: what it names works, and what works is named."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.not_served import MODIFIERS, PARAMETERS
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.server.routes import ROUTES
from fhir_vitiligo.server.settings import Settings

from .support import Client, told

SAMPLES = {
    "date": "2020",
    "number": "1",
    "quantity": "1",
    "reference": "Patient/a",
    "token": "a",
    "string": "a",
    "uri": "a",
    "special": "48.2|16.4|10|km",
}


def sample(resource_type: str, parameter: dict[str, str]) -> str:
    """A value that the parameter takes; of a composite one of each component."""
    if parameter["type"] != "composite":
        return SAMPLES[parameter["type"]]
    known = parameters_of(Release.R4)
    types = {one.id: one.type for one in known.definitions.all_search_parameters.values()}
    types |= {one.url: one.type for one in known.further}
    of_core = "http://hl7.org/fhir/SearchParameter/"
    components = known.of(resource_type)[parameter["name"]].definition.components
    return "$".join(SAMPLES[types[url.removeprefix(of_core)]] for url, _ in components)


@pytest.fixture
def statement(client: Client) -> dict[str, Any]:
    answer = client.get("/fhir/metadata")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_names_every_resource_type_and_this_server(statement: dict[str, Any]) -> None:
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == "http://test.example/fhir"
    types = [resource["type"] for resource in statement["rest"][0]["resource"]]
    assert len(types) == 146
    assert set(types) == parameters_of(Release.R4).resource_types
    assert {code["code"] for code in statement["rest"][0]["interaction"]} == {
        "transaction",
        "batch",
        "search-system",
        "history-system",
    }


def test_every_search_parameter_that_it_names_can_be_searched(
    client: Client, statement: dict[str, Any]
) -> None:
    entries = [
        {
            "request": {
                "method": "GET",
                "url": f"{resource['type']}?{parameter['name']}={sample(resource['type'], parameter)}&_count=1",
            }
        }
        for resource in statement["rest"][0]["resource"]
        for parameter in (*resource.get("searchParam", ()), *statement["rest"][0]["searchParam"])
    ]
    assert len(entries) > 2000
    for start in range(0, len(entries), 500):
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries[start : start + 500]}
        found = client.send("POST", "/fhir", bundle).json()["entry"]
        refused = [entry for entry in found if entry["response"]["status"] != "200 OK"]
        assert refused == []


def test_what_every_type_has_is_said_once(statement: dict[str, Any]) -> None:
    (rest,) = statement["rest"]
    assert {parameter["name"] for parameter in rest["searchParam"]} == {
        "_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"
    }  # fmt: skip
    for resource in rest["resource"]:
        assert resource.get("searchParam") != []
        names = {one["name"] for one in resource.get("searchParam", ())}
        assert not names & {one["name"] for one in rest["searchParam"]}, resource["type"]


def test_every_operation_that_it_names_is_served_there(client: Client, statement: dict[str, Any]) -> None:
    (rest,) = statement["rest"]
    named = {("", one["name"]) for one in rest["operation"]}
    for resource in rest["resource"]:
        named |= {(f"{resource['type']}", one["name"]) for one in resource["operation"]}
    assert {("", "validate"), ("", "to-fhir"), ("Patient", "meta-add"), ("Basic", "validate")} <= named
    for place, name in sorted(named):
        levels = (place,) if not place else (place, f"{place}/none")
        answers = [client.get(f"/fhir/{level}{'/' * bool(level)}${name}") for level in levels]
        assert any("is not served here" not in one.text for one in answers), (place, name)
    assert ("", "meta-add") not in named
    assert client.send("POST", "/fhir/$meta-add", {}).status_code == 404


def test_what_comes_along_from_others_is_named(client: Client, statement: dict[str, Any]) -> None:
    (rest,) = statement["rest"]
    named = {resource["type"]: resource["searchRevInclude"] for resource in rest["resource"]}
    assert {"*", "Condition:subject", "Observation:patient"} <= set(named["Patient"])
    assert "Observation:patient" not in named["Device"]
    client.put({"resourceType": "Patient", "id": "a"})
    for value in named["Patient"]:
        assert client.get(f"/fhir/Patient?_revinclude={value}").status_code == 200, value


def test_compartments_and_patches_are_named(client: Client, statement: dict[str, Any]) -> None:
    (rest,) = statement["rest"]
    assert "http://hl7.org/fhir/CompartmentDefinition/relatedPerson" in rest["compartment"]
    assert len(rest["compartment"]) == 5
    assert "`_list`" in rest["documentation"]
    assert "application/fhir+xml" in statement["patchFormat"]


def test_every_search_parameter_of_the_release_is_named_or_told_to_be_left_out(
    statement: dict[str, Any],
) -> None:
    for resource in statement["rest"][0]["resource"]:
        defined = {
            c for c in definitions_of(Release.R4).search_parameters(resource["type"]) if not c.startswith("_")
        }
        named = {parameter["name"] for parameter in resource.get("searchParam", ())}
        for code in defined - named:
            assert code in resource["documentation"]


def test_every_interaction_that_it_names_is_a_route_and_every_route_is_named(
    client: Client, statement: dict[str, Any]
) -> None:
    on_type = {code for route in ROUTES if route.level == "type" for code in route.codes}
    for resource in statement["rest"][0]["resource"]:
        assert {interaction["code"] for interaction in resource["interaction"]} == on_type
    assert on_type == {
        "search-type",
        "create",
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
    }


def test_the_openapi_page_has_every_route(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    named = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    assert named == {(f"/fhir/{route.path}".rstrip("/"), route.method) for route in ROUTES}
    assert client.get("/docs").status_code == 200


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_what_is_not_searched_is_told_with_the_reason_and_refused_by_name(
    client: Client, statement: dict[str, Any]
) -> None:
    documentation = statement["rest"][0]["documentation"]
    by_type = {one["type"]: one.get("documentation", "") for one in statement["rest"][0]["resource"]}
    known = parameters_of(Release.R4)
    for resource_type in known.resource_types:
        for code in known.left_out(resource_type):
            assert f"`{code}`" in documentation
            assert code.startswith("_") or f"`{code}`" in by_type[resource_type]
    for code, reason in PARAMETERS.items():
        assert reason in documentation
        for handling in ("strict", ""):
            answer = client.get(f"/fhir/Patient?{code}=a", headers={"Prefer": f"handling={handling}"})
            assert answer.status_code == 400, code
            assert f"the search parameter '{code}' is not served: {reason}" in told(answer)
        answer = client.get(f"/fhir/Patient?{code}=a", headers={"Prefer": "handling=lenient"})
        assert answer.status_code == 200, code
        outcome = answer.json()["entry"][-1]
        assert outcome["search"]["mode"] == "outcome"
        assert reason in outcome["resource"]["issue"][0]["diagnostics"]
        assert code not in answer.json()["link"][0]["url"]


@pytest.mark.parametrize("modifier", sorted(MODIFIERS["reference"]))
def test_what_modifiers_are_not_served_is_told_with_the_reason(
    client: Client, statement: dict[str, Any], modifier: str
) -> None:
    reason = MODIFIERS["reference"][modifier]
    assert f"`:{modifier}` of a reference parameter: {reason}" in statement["rest"][0]["documentation"]
    for handling in ("strict", "lenient"):
        answer = client.get(
            f"/fhir/Condition?subject:{modifier}=a", headers={"Prefer": f"handling={handling}"}
        )
        assert answer.status_code == 400
        assert reason in told(answer)


def test_who_asks_for_strictness_gets_it_for_every_name(client: Client) -> None:
    assert client.get("/fhir/Patient?_mine=1").status_code == 200
    answer = client.get("/fhir/Patient?_mine=1", headers={"Prefer": "handling=strict"})
    assert answer.status_code == 400
    assert "'_mine'" in told(answer)
