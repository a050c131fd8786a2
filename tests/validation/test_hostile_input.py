"""Whatever comes in, the answer is a list of issues: no traceback, no hang, every place a real one."""

from __future__ import annotations

import copy
import math
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.json import MAX_DEPTH
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from fhir_vitiligo.validation.context import Options
from fhir_vitiligo.validation.faults import MAX_FAULTS

SOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "p",
        "meta": {"lastUpdated": "2024-01-01T00:00:00Z", "tag": [{"system": "http://a", "code": "b"}]},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "A"}],
        "extension": [{"url": "http://a", "valueQuantity": {"value": 3, "unit": "mL"}}],
        "name": [
            {"given": ["A", None], "_given": [None, {"extension": [{"url": "http://b", "valueCode": "c"}]}]}
        ],
        "gender": "male",
        "maritalStatus": {"coding": [{"system": "http://s", "code": "M"}], "text": "m"},
        "contact": [{"name": {"family": "B"}, "gender": "female"}],
        "managingOrganization": {"reference": "#o"},
    },
    {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"text": "VETF"},
                    "valueString": "7, 6",
                    "component": [{"code": {"text": "a"}, "referenceRange": [{"low": {"value": 1}}]}],
                },
            },
            {
                "resource": {
                    "resourceType": "Condition",
                    "subject": {"reference": "Patient/1"},
                    "clinicalStatus": {
                        "coding": [
                            {
                                "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                                "code": "active",
                            }
                        ]
                    },
                }
            },
        ],
    },
]

_NAMES = st.text(max_size=6) | st.sampled_from(
    [
        *(
            "id",
            "extension",
            "url",
            "value",
            "valueString",
            "_valueString",
            "coding",
            "code",
            "system",
            "low",
        ),
        *("resourceType", "contained", "meta", "versionId", "reference", "name", "given", "_given", "_"),
    ]
)
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["#", "final"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) below."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


def follow(resource: Any, expression: str) -> None:
    """Walk an issue's expression; fails where it names what is not there."""
    root, _, rest = expression.partition(".")
    name = resource.get("resourceType")
    assert root.strip("'") == name or not str(name).isidentifier()
    here = [resource]
    for step, kind, index in re.findall(r"(\w+)(?:\.ofType\((\w+)\))?(?:\[(\d+)\])?\.?", rest):
        key = f"{step}{kind[:1].upper()}{kind[1:]}"
        found = [
            item[mark + key]
            for item in here
            if isinstance(item, dict)
            for mark in ("", "_")
            if mark + key in item
        ]
        assert found, f"{expression} names {key}, which is not there"
        # One where many may be is read as a list of one.
        lists = [items if isinstance(items, list) else [items] for items in found]
        here = [items[int(index)] for items in lists if int(index) < len(items)] if index else found
        assert here, f"{expression} counts beyond the end"


@settings(max_examples=400, deadline=None)
@given(data=st.data(), release=st.sampled_from(Release), source=st.sampled_from(SOURCES))
def test_mutated_resources_are_answered(
    data: st.DataObject, release: Release, source: dict[str, Any]
) -> None:
    resource = copy.deepcopy(source)
    for _ in range(data.draw(st.integers(1, 3))):
        every = list(places(resource))
        if not every:
            break
        around, key = data.draw(st.sampled_from(every))
        match data.draw(st.sampled_from(["replace", "remove", "rename", "wrap", "unwrap"])):
            case "replace":
                around[key] = data.draw(ANY_JSON)
            case "remove":
                del around[key]
            case "rename" if isinstance(around, dict):
                around[data.draw(_NAMES)] = around.pop(key)
            case "wrap":
                around[key] = [around[key]]
            case _ if isinstance(around[key], list) and around[key]:
                around[key] = around[key][0]
    for issue in Validator(release).validate(resource):
        assert issue.text
        assert "\n" not in issue.text
        if issue.expression:
            follow(resource, issue.expression)


@settings(max_examples=200, deadline=None)
@given(value=ANY_JSON)
def test_any_json_is_answered(value: Any) -> None:
    issues = Validator(Release.R4).validate(value)
    assert issues
    assert all(issue.severity == "error" for issue in issues if issue.rule == "resource-type")


def nested(depth: int) -> dict[str, Any]:
    resource: dict[str, Any] = {"url": "http://a", "valueCode": "b"}
    for _ in range(depth):
        resource = {"url": "http://a", "extension": [resource]}
    return {"resourceType": "Patient", "extension": [resource]}


def errors(resource: Any) -> list[Issue]:
    validator = Validator(Release.R4, (), Options(any_extension=True, examples=True))
    return [issue for issue in validator.validate(resource) if issue.severity == "error"]


def test_depth_is_bounded() -> None:
    assert not errors(nested(MAX_DEPTH - 5))
    issues = errors(nested(5_000))
    assert [issue.text for issue in issues] == [
        f"The resource nests more than {MAX_DEPTH} deep; what is below was not read."
    ]
    assert issues[0].code == "too-costly"


def test_bundles_within_bundles_are_bounded_too() -> None:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    for _ in range(3_000):
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle}]}
    assert "too-costly" in {issue.code for issue in errors(bundle)}


def test_a_caller_deep_in_its_own_stack_gets_an_issue() -> None:
    answers: list[Any] = []

    def descend(left: int) -> None:
        if left:
            descend(left - 1)
        else:
            answers.extend(Validator(Release.R4).validate(nested(150)))

    thread = threading.Thread(target=descend, args=(800,))
    thread.start()
    thread.join()
    assert [issue.text for issue in answers] == ["The resource nests too deeply to be read from here."]


def test_the_number_of_issues_is_bounded_and_each_keeps_its_place() -> None:
    names = [{"family": 1} for _ in range(50_000)]
    issues = Validator(Release.R4).validate({"resourceType": "Patient", "name": names})
    assert len(issues) == MAX_FAULTS + 1
    assert issues[0].expression == "Patient.name[0].family"
    assert issues[-2].expression == f"Patient.name[{MAX_FAULTS - 1}].family"
    assert issues[-1].text == f"More than {MAX_FAULTS} errors were found; what comes after them was not read."


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "x" * 1_000_000: 1},
        {"resourceType": "Patient", "gender": "x" * 1_000_000},
        {"resourceType": "x" * 1_000_000},
        {"resourceType": "Patient", "multipleBirthInteger": 10**5000},
        {"resourceType": "Patient", 5: 1},
        {"resourceType": "Patient", "extension": [{5: 1, "url": "http://a", "valueCode": "a"}]},
    ],
    ids=[
        "long-name",
        "long-code",
        "long-type",
        "huge-number",
        "name-is-a-number",
        "name-is-a-number-in-extension",
    ],
)
def test_an_outsized_value_is_quoted_in_short(resource: Any) -> None:
    (issue,) = errors(resource)
    assert len(str(issue)) < 400


def test_floats_are_read_as_the_decimals_they_are_written_as() -> None:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "http://guide.test/p",
        "name": "P",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Observation",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "derivation": "constraint",
        "differential": {
            "element": [{"path": "Observation.valueQuantity", "maxValueQuantity": {"value": 0.3}}]
        },
    }
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    for value, rules in (
        (0.1 + 0.2, ["bounds"]),
        (0.3, []),
        (math.nan, ["primitive"]),
        (math.inf, ["primitive"]),
    ):
        found = Validator(Release.R4, profile).validate(
            {**observation, "valueQuantity": {"value": value}}, "http://guide.test/p"
        )
        assert [issue.rule for issue in found if issue.severity == "error"] == rules, value
