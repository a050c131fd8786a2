"""What HL7 asks of its own definitions, and Measures whose criteria are CQL, as HL7's engine (6.10.3) tells it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from fhir_vitiligo.validation.context import Options
from tests.validation.profiles import CORE, Held, Json

GROUP = f"{CORE}structuredefinition-wg"
STATUS = f"{CORE}structuredefinition-standards-status"
PATIENT_CARE = {"url": GROUP, "valueCode": "pc"}
SECURITY = {"url": GROUP, "valueCode": "sec"}


def found(resource: Json, rule: str, *held: Json) -> list[tuple[str, str]]:
    """(severity, place) of what a rule tells."""
    told = Validator(Release.R4, Held(*held), Options()).validate(resource)
    return [(one.severity, one.expression) for one in told if one.rule == rule]


def value_set(*extensions: Json, url: str = "http://hl7.org/fhir/ValueSet/v", **more: Any) -> Json:
    named = {"extension": list(extensions)} if extensions else {}
    return {"resourceType": "ValueSet", "url": url, "name": "V", "status": "draft", **named, **more}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (value_set(), []),
        (value_set(PATIENT_CARE, publisher="HL7 International / Patient Care"), []),
        (value_set(PATIENT_CARE, publisher="HL7 International / Security"), ["error"]),
        (value_set(PATIENT_CARE, publisher="HL7"), ["warning"]),
        (value_set({"url": GROUP, "valueCode": "nobody"}), ["error"]),
        (value_set(PATIENT_CARE, SECURITY), ["error"]),
        # Who is not HL7 is called as he likes.
        (value_set(PATIENT_CARE, SECURITY, url="http://acme.test/v", publisher="A / B"), []),
    ],
)
def test_the_work_group_and_the_publisher(resource: Json, expected: list[str]) -> None:
    assert found(resource, "publication") == [(severity, "ValueSet") for severity in expected]


def test_a_guide_says_its_group_and_status() -> None:
    guide = value_set(url="http://hl7.org/fhir/uv/x/ImplementationGuide/x")
    guide = {**guide, "resourceType": "ImplementationGuide", "packageId": "hl7.x", "fhirVersion": ["4.0.1"]}
    assert found(guide, "publication") == [("error", "ImplementationGuide")] * 2
    said = [PATIENT_CARE, {"url": STATUS, "valueCode": "draft"}]
    assert found({**guide, "extension": said}, "publication") == []


ELM = '<library xmlns="urn:hl7-org:elm:r1"><statements><def name="Adults"/></statements></library>'


def library(name: str = "Ages", elm: str = ELM) -> Json:
    content = {"contentType": "application/elm+xml", "data": b64encode(elm.encode()).decode()}
    return {
        "resourceType": "Library",
        "url": f"http://acme.test/Library/{name}",
        "name": name,
        "content": [content],
    }


def measure(expression: str, *libraries: str, language: str = "text/cql") -> Json:
    criteria = {"language": language, "expression": expression}
    named = [f"http://acme.test/Library/{name}" for name in libraries]
    return {
        "resourceType": "Measure",
        "status": "draft",
        "group": [{"population": [{"criteria": criteria}]}],
        **({"library": named} if named else {}),
    }


@pytest.mark.parametrize(
    ("resource", "fits"),
    [
        (measure("Ages.Adults", "Ages"), True),
        (measure("Adults", "Ages"), True),
        (measure("Ages.Children", "Ages"), False),
        (measure("Children", "Ages"), False),
        (measure("Sizes.Adults", "Ages"), False),
        (measure("Adults", "Ages", "Sizes"), False),
        (measure("Ages.Adults", "Ages", "Sizes"), True),
        (measure("Ages.Adults", "Nobody"), False),
        (measure("Ages.Adults"), False),
        (measure("1 = 1", language="text/cql-expression"), True),
        (measure("Ages.Adults", language="text/fhirpath"), True),
        # Its translation cannot be read, or is another thing.
        (measure("Broken.Adults", "Broken"), True),
        (measure("Strange.Adults", "Strange"), True),
    ],
)
def test_criteria_in_CQL(resource: Json, fits: bool) -> None:
    held = (library(), library("Sizes"), library("Broken", "<library"), library("Strange", "<library/>"))
    expected = [] if fits else [("error", "Measure.group[0].population[0].criteria")]
    assert found(resource, "measure-library", *held) == expected


def test_what_is_missing_is_named() -> None:
    told = Validator(Release.R4, Held(library()), Options()).validate(measure("Ages.Children", "Ages"))
    (issue,) = (one for one in told if one.rule == "measure-library")
    assert issue.text == "The library Ages defines no 'Children': it has Adults."


def test_a_profile_may_make_an_error_of_what_core_warns_of() -> None:
    system = {
        "resourceType": "CodeSystem",
        "url": "http://acme.test/CodeSystem/c",
        "name": "C",
        "status": "draft",
        "content": "complete",
        "concept": [{"code": "a", "concept": [{"code": "b"}]}],
        "meta": {"profile": [f"{CORE}shareablecodesystem"]},
    }
    told = {str(one.rule): one.severity for one in Validator(Release.R5).validate(system)}
    assert told["csd-2"] == "warning"
    assert told["scs-1"] == "error"


@pytest.mark.parametrize(
    "host", ["example.org", "example.com", "example.net", "acme.com", "acme.org", "a.example.com"]
)
def test_a_profile_at_an_address_for_examples_is_told(host: str) -> None:
    resource = {"resourceType": "Patient", "meta": {"profile": [f"http://{host}/x"]}}
    assert found(resource, "address-example") == [("warning", "Patient.meta.profile[0]")]
    strict = Validator(Release.R4, Held(), Options(examples=False)).validate(resource)
    assert [one.severity for one in strict if one.rule == "address-example"] == ["error"]


def test_what_only_looks_like_one_is_left_alone() -> None:
    resource = {"resourceType": "Patient", "meta": {"profile": ["http://myexample.com/x"]}}
    assert found(resource, "address-example") == []


def test_an_address_for_examples_that_is_loaded_is_right() -> None:
    system = {
        "resourceType": "CodeSystem",
        "url": "http://example.org/sizes",
        "status": "draft",
        "content": "complete",
        "concept": [{"code": "big"}],
    }
    tag = {"system": "http://example.org/sizes", "code": "big"}
    resource = {"resourceType": "Patient", "meta": {"tag": [tag]}}
    assert found(resource, "address-example", system) == []
    assert found(resource, "address-example") == [("warning", "Patient.meta.tag[0].system")]
