"""Each check tells what is wrong, where, and what would be right."""

from __future__ import annotations

import gc
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from fhir.resources.R4B.patient import Patient as R4Patient

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir.json import loads
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from fhir_vitiligo.validation.context import Options

# The resources here stand for no one: their addresses and extensions are made up.
MADE_UP = Options(any_extension=True, examples=True)
R4 = Validator(Release.R4, (), MADE_UP)


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "VETF"}, **elements}


def told(resource: Any, validator: Validator = R4, *profiles: str) -> list[Issue]:
    """What is wrong, and nothing that is only good advice (a narrative) or open (an unknown extension)."""
    return [
        issue
        for issue in validator.validate(resource, profiles)
        if issue.severity != "information" and issue.rule != "dom-6"
    ]


def only(resource: Any, validator: Validator = R4) -> Issue:
    issues = told(resource, validator)
    assert len(issues) == 1, [str(issue) for issue in issues]
    return issues[0]


EXTENSION = {"url": "http://guide.test/why", "valueCode": "unknown"}

BROKEN = yaml.safe_load(Path(__file__).with_name("broken_r4.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", BROKEN, ids=[case["name"] for case in BROKEN])
def test_a_fault_is_told_with_its_place(case: dict[str, Any]) -> None:
    # A resource can be broken for more than one reason; what the case is about is told once.
    (issue,) = (issue for issue in told(case["resource"]) if issue.rule == case["rule"])
    assert case["told"] in issue.text
    assert (issue.rule, issue.expression) == (case["rule"], case["at"])
    assert issue.text.endswith((".", "?"))
    assert issue.severity == ("warning" if case["name"] in ("uneven", "control", "only-an-id") else "error")


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
ORGANIZATION = {"resourceType": "Organization", "id": "o", "name": "A"}
PROVENANCE = {
    "resourceType": "Provenance",
    "id": "p",
    "target": [{"reference": "#"}],
    "recorded": "2024-01-01T00:00:00Z",
    "agent": [{"who": {"display": "A"}}],
}
FINE: dict[str, Any] = {
    "nothing": patient(),
    "empty-parameters": {"resourceType": "Parameters"},
    "companion-id": patient(birthDate="2000", _birthDate={"id": "b"}),
    "companion-alone": patient(_birthDate={"extension": [EXTENSION]}),
    "null-with-companion": patient(
        name=[{"given": ["A", None], "_given": [None, {"extension": [EXTENSION]}]}]
    ),
    "companions-alone": patient(name=[{"_given": [{"extension": [EXTENSION]}]}]),
    "nested-extension": patient(extension=[{"url": "http://a", "extension": [EXTENSION]}]),
    "absent-value": patient(extension=[{"url": "http://a", "_valueCode": {"extension": [EXTENSION]}}]),
    "language": patient(communication=[{"language": {"text": "Bahasa Indonesia"}}], language="id-ID"),
    "contained": patient(contained=[ORGANIZATION], managingOrganization={"reference": "#o"}),
    "contained-refers": patient(contained=[PROVENANCE]),
    "choice": observation(valueQuantity={"value": Decimal("5.6")}),
    "choice-companion": observation(_valueString={"extension": [EXTENSION]}),
    "content-reference": observation(component=[{"code": {"text": "a"}, "referenceRange": [{"text": "b"}]}]),
    "one-coding-of-the-set": {
        "resourceType": "Condition",
        "subject": {"display": "he"},
        "clinicalStatus": {
            "coding": [{"system": "http://a", "code": "x"}, {"system": CLINICAL, "code": "active"}]
        },
    },
    "media-type": {"resourceType": "Binary", "contentType": "image/x-anything", "data": "SGVsbG8="},
}


@pytest.mark.parametrize("resource", FINE.values(), ids=FINE.keys())
def test_what_is_right_passes(resource: Any) -> None:
    assert [str(issue) for issue in told(resource)] == []


def test_all_faults_are_told_at_once_in_the_order_of_the_resource() -> None:
    issues = told(patient(gender="x", name=[{"family": 1}, {"given": "A"}], birthDate="x", foo=1))
    assert [issue.expression for issue in issues] == [
        *(
            "Patient.gender",
            "Patient.name[0].family",
            "Patient.name[1].given",
            "Patient.birthDate",
            "Patient",
        ),
    ]
    assert {issue.code for issue in issues} == {"code-invalid", "value", "structure"}


def test_releases_differ_by_their_definitions_alone() -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "status": "recorded",
        "medication": {"concept": {"text": "CM-WJMSCs"}},
        "subject": {"display": "he"},
    }
    assert told(statement, Validator("r5", (), MADE_UP)) == []
    texts = {issue.text for issue in Validator("r4").validate(statement)}
    assert any(text.startswith("`status` is 'recorded': use active, completed,") for text in texts)
    assert any(
        text.startswith("`medication` is not allowed: `MedicationStatement.medication[x]`") for text in texts
    )
    assert told({"resourceType": "Citation", "status": "draft"}, Validator("r4b", (), MADE_UP)) == []
    assert only({"resourceType": "Media"}, Validator(Release.R5, (), MADE_UP)).text.startswith(
        "'Media' is not a resource type of FHIR R5"
    )


def test_a_required_binding_inside_a_codeable_reference_is_checked() -> None:
    device = {"resourceType": "Subscription", "status": "requested", "topic": "http://t",
              "channelType": {"system": "http://terminology.hl7.org/CodeSystem/subscription-channel-type", "code": "email"}, "content": "everything"}  # fmt: skip
    assert only(device, Validator(Release.R5, (), MADE_UP)).expression == "Subscription.content"


def test_numbers_are_taken_as_the_json_reader_gives_them() -> None:
    text = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1.50}}'
    )
    assert told(loads(text)) == []


def test_issues_can_be_taken_one_by_one() -> None:
    assert [issue.rule for issue in R4.iter_issues(patient(gender="x"))] == ["binding", "dom-6"]


def test_the_resource_is_left_as_it_was() -> None:
    resource = patient(name=[{"given": ["A", None]}], gender="x")
    before = repr(resource)
    R4.validate(resource)
    assert repr(resource) == before


def test_one_profile_may_be_named_without_a_list() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/bodyweight"
    issues = Validator(Release.R4).validate(observation(), url)
    assert {issue.rule for issue in issues} >= {"slice-cardinality"}
    assert "profile-unknown" not in {issue.rule for issue in issues}


def test_a_validated_resource_is_let_go_of_at_once() -> None:
    entries = [
        {
            "fullUrl": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
            "resource": observation(id=f"o{number}", component=[{"code": {"text": "x"}}]),
        }
        for number in range(5)
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    R4.validate(bundle)  # what is compiled on the way may have cycles; it stays
    gc.collect()
    gc.disable()
    try:
        assert R4.validate(bundle)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "resource",
    [
        OrderedDict(resourceType="Patient", name=[OrderedDict(family="A")]),
        MappingProxyType({"resourceType": "Patient", "name": [MappingProxyType({"family": "A"})]}),
        {"resourceType": "Patient", "name": ({"family": "A"},)},
        R4Patient.model_validate({"resourceType": "Patient", "name": [{"family": "A"}]}),
    ],
    ids=["OrderedDict", "mapping", "tuple", "fhir.resources"],
)
def test_other_containers_than_those_of_json_are_read_as_they_are_meant(resource: Any) -> None:
    validator = Validator(Release.R4)
    assert {issue.rule for issue in validator.validate(resource)} == {"dom-6"}


@pytest.mark.parametrize("profiles", [[None], [{"a": 1}]])
def test_a_profile_is_named_by_its_url(profiles: Any) -> None:
    with pytest.raises(InputError, match="a profile is named by its canonical url, not by"):
        Validator(Release.R4).validate({"resourceType": "Patient"}, profiles)
