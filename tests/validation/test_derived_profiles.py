"""Profiles of profiles: what the outer one says holds for all that the inner one tells apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.validation.profiles import BASE, CORE, Json, element, errors, profile, sliced, told

MRN = "http://hospital.test/mrn"
INNER = profile(
    "inner",
    "Patient",
    sliced("identifier", ("value", "system")),
    element("identifier", slice="mrn", max="1"),
    element("identifier.system", min=1, fixedUri=MRN),
)
NUMBER: Json = {"resourceType": "Patient", "identifier": [{"system": MRN, "value": "1"}]}


def outer(*elements: Json, **more: Any) -> Json:
    return profile("outer", "Patient", *elements, base=INNER["url"], **more)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (element("identifier.use", min=1), [("cardinality", "Patient.identifier[0]")]),
        (element("identifier.value", patternString="2"), [("pattern", "Patient.identifier[0].value")]),
        (
            element(
                "identifier",
                constraint=[
                    {"key": "p-1", "severity": "error", "human": "x", "expression": "period.exists()"}
                ],
            ),
            [("p-1", "Patient.identifier[0]")],
        ),
        (
            element("identifier", patternIdentifier={"use": "usual"}),
            [("pattern", "Patient.identifier[0].use")],
        ),
        (element("identifier.system", min=1), []),
    ],
)
def test_a_slice_keeps_what_is_said_of_all(said: Json, expected: list[tuple[str, str]]) -> None:
    assert told(NUMBER, outer(said), INNER) == expected
    other = {"resourceType": "Patient", "identifier": [{"system": "http://other.test", "value": "1"}]}
    assert [rule for rule, _ in told(other, outer(said), INNER)] == [rule for rule, _ in expected]


def extension(name: str, *elements: Json, **more: Any) -> Json:
    context = [{"type": "element", "expression": "Patient"}]
    return profile(name, "Extension", *elements, context=context, **more)


WIDE = extension(
    "wide",
    element("url", fixedUri=f"{BASE}wide"),
    element("value[x]", type=[{"code": "string"}, {"code": "Quantity"}]),
)
SHORT = extension("short", element("value[x]", type=[{"code": "string"}], maxLength=2), base=WIDE["url"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueString": "xx"}, []),
        ({"valueString": "xxx"}, [("max-length", "Patient.extension[0].value.ofType(string)")]),
        (
            {"valueQuantity": {"value": 1}},
            [
                ("choice", "Patient.extension[0]"),
                ("unknown-element", "Patient.extension[0].value.ofType(Quantity).value"),
            ],
        ),
    ],
)
def test_an_extension_conforms_to_the_profile_of_its_definition(
    value: Json, expected: list[tuple[str, str]]
) -> None:
    asked = profile(
        "p",
        "Patient",
        element("extension", slice="short", type=[{"code": "Extension", "profile": [SHORT["url"]]}]),
    )
    patient = {"resourceType": "Patient", "extension": [{"url": WIDE["url"], **value}]}
    found = told(patient, asked, WIDE, SHORT)
    assert [place for _, place in found] == [place for _, place in expected]
    assert told(patient, profile("p", "Patient"), WIDE, SHORT) == []


@pytest.mark.parametrize(
    ("limit", "value", "fits"),
    [
        ({"minValueDateTime": "2020-06-01T10:00:00+02:00"}, "2020-06-01T08:00:00Z", True),
        ({"minValueDateTime": "2020-06-01T10:00:00+02:00"}, "2020-06-01T08:00:00.000Z", True),
        ({"minValueDateTime": "2020-06-01T10:00:00+02:00"}, "2020-06-01T07:59:59.999Z", False),
        ({"minValueDateTime": "2020-01-01T00:00:00Z"}, "2020-01-01T00:30:00+01:00", False),
        ({"maxValueDateTime": "2020-12-31T23:59:59Z"}, "2021-01-01T00:30:00+01:00", True),
        ({"maxValueDateTime": "2020-12-31"}, "2021-01-01T00:30:00+01:00", False),
        ({"minValueDateTime": "2020-06"}, "2020-06-01", True),
    ],
)
def test_limits_of_moments(limit: Json, value: str, fits: bool) -> None:
    asked = profile("p", "Observation", element("effective[x]", type=[{"code": "dateTime"}], **limit))
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "effectiveDateTime": value,
    }
    expected = [] if fits else [("bounds", "Observation.effective.ofType(dateTime)")]
    assert told(observation, asked) == expected


@pytest.mark.parametrize(
    ("limit", "value", "unit", "days", "fits"),
    [
        ("minValueQuantity", "10", "a", -3600, True),
        ("minValueQuantity", "10", "a", -3700, False),
        ("minValueQuantity", "0.5", "mo", -10, True),
        ("minValueQuantity", "0.5", "mo", -20, False),
        ("minValueQuantity", "2", "d", 1000, True),
        ("maxValueQuantity", "2", "d", 1, True),
        ("maxValueQuantity", "2", "d", 4, False),
        ("maxValueQuantity", "1.5", "a", 500, True),
        ("maxValueQuantity", "1.5", "a", 560, False),
        ("maxValueQuantity", "1", "h", -1, True),
    ],
)
@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
def test_a_duration_is_a_limit_before_now_for_the_least_and_after_it_for_the_greatest(
    limit: str, value: str, unit: str, days: int, fits: bool, form: str
) -> None:
    # https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.maxValue_x_
    duration = {"value": Decimal(value), "system": "http://unitsofmeasure.org", "code": unit}
    asked = profile(
        "p", "Observation", element("effective[x]", type=[{"code": "dateTime"}], **{limit: duration})
    )
    when = (datetime.now(UTC) + timedelta(days=days)).strftime(form)
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "effectiveDateTime": when,
    }
    expected = [] if fits else [("bounds", "Observation.effective.ofType(dateTime)")]
    assert told(observation, asked) == expected


def test_a_fixed_value_may_be_absent_for_a_reason() -> None:
    asked = profile("p", "Patient", element("identifier.system", fixedUri=MRN))
    reason = {"url": f"{CORE}data-absent-reason", "valueCode": "unknown"}
    absent = {"resourceType": "Patient", "identifier": [{"_system": {"extension": [reason]}, "value": "1"}]}
    assert told(absent, asked) == []
    wrong = {"resourceType": "Patient", "identifier": [{"system": "http://other.test", "value": "1"}]}
    assert told(wrong, asked) == [("fixed", "Patient.identifier[0].system")]


def test_a_profile_that_can_mean_nothing_is_told() -> None:
    name = profile("name", "HumanName")
    patient: Json = {"resourceType": "Patient", "birthDate": "2000", "name": [{"family": "A"}]}
    (issue,) = errors(patient, profile("p", "Patient", element("birthDate", min=1), base=name["url"]), name)
    assert issue.rule == "profile-broken"
    assert f"it is for Patient, and its base {name['url']} for HumanName" in issue.text
    address = profile("address", "Address")
    typed = element("name", type=[{"code": "HumanName", "profile": [address["url"]]}])
    (issue,) = errors(patient, profile("p", "Patient", typed), address)
    assert (issue.rule, issue.expression) == ("profile-type", "Patient.name[0]")
    assert f"no HumanName can conform to {address['url']} (for Address)" in issue.text


@pytest.mark.parametrize(
    ("kind", "paths", "late"),
    [
        ("Patient", ["contact.name", "birthDate"], [1]),
        ("Patient", ["contact.name.family", "contact.relationship"], [1]),
        ("Observation", ["component.code.coding", "value[x]"], [1]),
        ("Patient", ["name.family", "name"], [1]),
        ("Patient", ["birthDate", "name.family"], [1]),
        ("Patient", ["name", "name.family", "name.given", "birthDate", "contact.name.family"], []),
    ],
)
def test_the_order_of_a_differential(kind: str, paths: list[str], late: list[int]) -> None:
    definition = profile("p", kind, *(element(path, min=0) for path in paths))
    found = [place for rule, place in told(definition) if rule == "profile-element"]
    assert found == [f"StructureDefinition.differential.element[{index}]" for index in late]


def test_slices_may_follow_what_is_below_others() -> None:
    definition = profile(
        "p",
        "Observation",
        sliced("component", ("value", "code")),
        element("component", slice="a"),
        element("component.code.coding", min=1),
        element("component", slice="b"),
        element("component.code", min=1),
        element("component.code.coding", min=1),
    )
    assert [one for one in told(definition) if one[0] == "profile-element"] == []


def test_a_chain_without_end_is_the_profiles_fault() -> None:
    chain = [
        profile(f"c{number}", "Patient", base=f"{BASE}c{number + 1}" if number < 299 else "")
        for number in range(300)
    ]
    (issue,) = errors({"resourceType": "Patient"}, *chain)
    assert issue.rule == "profile-broken"
    assert "profiles derive from it one by one" in issue.text
