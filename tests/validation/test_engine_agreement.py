"""What was once told otherwise than HL7's engine (6.10.3, no terminology server) tells it.

Each was a small probe that both judged; here stands what is told since, as (rule, place), nothing where nothing
is wrong. Questionnaires are in ``test_questionnaires.py``.
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from tests.validation.profiles import BASE, CORE, Json, element, errors, profile, sliced, told

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
FIRST, SECOND = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
ORGANIZATION = {"resourceType": "Organization", "id": "o", "name": "A"}
REFERS_TO_ITSELF = {
    "resourceType": "List",
    "id": "l",
    "text": NARRATIVE,
    "status": "current",
    "mode": "working",
    "entry": [{"item": {"reference": "#"}}],
}


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", "text": NARRATIVE, **elements}


def observation(**elements: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": "o",
        "text": NARRATIVE,
        "status": "final",
        "code": {"text": "VETF"},
        **elements,
    }


def bundle(kind: str, *entries: Json, **more: Any) -> Json:
    return {"resourceType": "Bundle", "id": "b", "type": kind, "entry": list(entries), **more}


def entry(resource: Json, url: str = FIRST, **more: Any) -> Json:
    return {"fullUrl": url, "resource": resource, **more}


def definition(**elements: Any) -> Json:
    return {"resourceType": "ValueSet", "id": "v", "text": NARRATIVE, "status": "draft", **elements}


# name: resource, what is told, release
CORE_CASES: dict[str, tuple[Json, list[tuple[str, str]], Release]] = {
    "fraction-of-a-second": (
        observation(issued="2024-01-01T10:00:00.0123456789Z"),
        [("primitive", "Observation.issued")],
        Release.R5,
    ),
    "nanosecond": (observation(issued="2024-01-01T10:00:00.012345678Z"), [], Release.R5),
    "fraction-before-r5": (observation(issued="2024-01-01T10:00:00.0123456789Z"), [], Release.R4),
    "uuid-of-an-entry": (
        bundle("collection", entry(patient(), "urn:uuid:00000000-0000-4000-8000-00000000000A")),
        [("address", "Bundle.entry[0].fullUrl")],
        Release.R4,
    ),
    "search-in-a-collection": (
        bundle("collection", entry(observation(subject={"reference": "Patient?name=A"}))),
        [("reference", "Bundle.entry[0].resource.subject")],
        Release.R4,
    ),
    "search-in-a-transaction": (
        bundle(
            "transaction",
            entry(
                observation(subject={"reference": "Patient?name=A"}),
                request={"method": "POST", "url": "Observation"},
            ),
        ),
        [],
        Release.R4,
    ),
    "outcome-that-is-none": (
        bundle(
            "searchset",
            entry(patient(), search={"mode": "outcome"}),
            link=[{"relation": "self", "url": "http://a.test/Patient"}],
        ),
        [("bundle-search", "Bundle.entry[0].resource")],
        Release.R4,
    ),
    "version-of-contained": (
        patient(
            contained=[{**ORGANIZATION, "meta": {"versionId": "1"}}], managingOrganization={"reference": "#o"}
        ),
        [("dom-4", "Patient")],
        Release.R4,
    ),
    "contained-twice": (
        patient(contained=[ORGANIZATION, ORGANIZATION], managingOrganization={"reference": "#o"}),
        [
            ("reference-ambiguous", "Patient.managingOrganization"),
            ("duplicate-id", "Patient.contained[1]"),
        ],
        Release.R4,
    ),
    "contained-of-another-type": (
        {
            "resourceType": "Questionnaire",
            "id": "q",
            "text": NARRATIVE,
            "status": "active",
            "contained": [
                {"resourceType": "CodeSystem", "id": "c", "status": "active", "content": "complete"}
            ],
            "item": [{"linkId": "1", "type": "choice", "answerValueSet": "#c"}],
        },
        [("address-type", "Questionnaire.item[0].answerValueSet")],
        Release.R4,
    ),
    "itself-before-R5": (
        REFERS_TO_ITSELF,
        [("reference-unresolved", "List.entry[0].item")],
        Release.R4,
    ),
    "itself-since-R5": (
        REFERS_TO_ITSELF,
        [("ref-1", "List.entry[0].item")],
        Release.R5,
    ),
    "reference-with-space": (
        observation(subject={"reference": "Patient/1 2"}),
        [("reference", "Observation.subject")],
        Release.R4,
    ),
    "type-by-its-address": (
        observation(subject={"reference": "Patient/1", "type": f"{CORE}Patient"}),
        [("reference-type", "Observation.subject")],
        Release.R4,
    ),
    "id-of-the-resource": (patient(name=[{"id": "p", "family": "A"}]), [], Release.R4),
    "id-of-a-primitive": (
        patient(name=[{"id": "a", "family": "A"}], birthDate="2000", _birthDate={"id": "a"}),
        [("duplicate-id", "Patient.birthDate")],
        Release.R4,
    ),
    "relative-system-of-an-identifier": (
        patient(identifier=[{"system": "mrn", "value": "1"}]),
        [("system-relative", "Patient.identifier[0]")],
        Release.R4,
    ),
    "source-of-meta": (patient(meta={"source": "#abc"}), [], Release.R4),
    "own-address-as-fragment": (
        definition(url="#x"),
        [("address-relative", "ValueSet.url")],
        Release.R4,
    ),
    "element-of-a-definition": (
        {
            "resourceType": "Questionnaire",
            "id": "q",
            "text": NARRATIVE,
            "status": "active",
            "item": [{"linkId": "1", "type": "string", "definition": f"{CORE}Patient#Patient.name"}],
        },
        [],
        Release.R4,
    ),
    "bare-EUI": (
        patient(identifier=[{"system": "http://hl7.org/fhir/sid/eui-48", "value": "1"}]),
        [("address-unknown", "Patient.identifier[0].system")],
        Release.R4,
    ),
    "capability-statement-of-core": (
        patient(identifier=[{"system": "http://hl7.org/fhir/CapabilityStatement/base", "value": "1"}]),
        [],
        Release.R4,
    ),
    "extension-of-a-resource-id": (
        patient(_id={"extension": [{"url": f"{CORE}data-absent-reason", "valueCode": "unknown"}]}),
        [("extension-context", "Patient.id")],
        Release.R4,
    ),
    "expectation-of-a-guide": (
        {
            "resourceType": "CapabilityStatement",
            "id": "c",
            "text": NARRATIVE,
            "status": "active",
            "date": "2024",
            "kind": "requirements",
            "description": "d",
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [
                {
                    "mode": "server",
                    "resource": [
                        {
                            "type": "Patient",
                            "extension": [
                                {"url": f"{CORE}capabilitystatement-expectation", "valueCode": "SHALL"}
                            ],
                        }
                    ],
                }
            ],
        },
        [],
        Release.R4,
    ),
    "hash-of-an-attachment": (
        patient(photo=[{"contentType": "image/png", "data": "eA==", "hash": "AAAA"}]),
        [("attachment-hash", "Patient.photo[0]")],
        Release.R4,
    ),
    "right-hash": (
        patient(photo=[{"contentType": "image/png", "data": "eA==", "hash": "EfatjsUqKYSrqv18O1FlA3hcIHI="}]),
        [],
        Release.R4,
    ),
    "size-below-nothing": (
        patient(photo=[{"contentType": "image/png", "url": "http://a.test/x", "size": "-5"}]),
        [("attachment-size", "Patient.photo[0]")],
        Release.R5,
    ),
}


@pytest.mark.parametrize("name", CORE_CASES)
def test_core(name: str) -> None:
    resource, expected, release = CORE_CASES[name]
    assert told(resource, release=release, examples=False) == expected


CATEGORY = {"coding": [{"system": "http://a.test", "code": "lab"}]}
BY_CATEGORY = profile(
    "Category",
    "Observation",
    sliced("category", ("value", "$this")),
    element("category", slice="lab", id="Observation.category:lab", min=1, fixedCodeableConcept=CATEGORY),
)
BY_TARGET = profile(
    "Target",
    "Patient",
    sliced("generalPractitioner", ("type", "resolve()"), rules="closed"),
    element(
        "generalPractitioner",
        slice="organization",
        id="Patient.generalPractitioner:organization",
        max="1",
        type=[{"code": "Reference", "targetProfile": [f"{CORE}Organization"]}],
    ),
)
ONE_TYPE = profile("OneType", "Observation", element("valueQuantity", id="Observation.valueQuantity"))
OPEN_TYPE = profile(
    "OpenType",
    "Observation",
    element("value[x]", min=0),
    element("valueQuantity", id="Observation.valueQuantity"),
)
LIST = profile(
    "List", "Patient", element("maritalStatus", patternCodeableConcept={"coding": [{"code": "M"}]})
)
NO_EXPRESSION = profile(
    "NoExpression",
    "Patient",
    element(
        "", constraint=[{"key": "t-1", "severity": "warning", "human": "h", "expression": "name.exists("}]
    ),
)
PROFILE_CASES: dict[str, tuple[Json, Json, list[tuple[str, str]]]] = {
    # A fixed concept tells the slice apart by its codings; what is more in it is a fault of the entry.
    "fixed-slice": (BY_CATEGORY, observation(category=[CATEGORY]), []),
    "fixed-slice-with-text": (
        BY_CATEGORY,
        observation(category=[{**CATEGORY, "text": "x"}]),
        [("fixed", "Observation.category[0].text")],
    ),
    "type-of-a-target": (
        BY_TARGET,
        patient(contained=[ORGANIZATION], generalPractitioner=[{"reference": "#o"}]),
        [],
    ),
    "other-type-of-a-target": (
        BY_TARGET,
        patient(
            contained=[{"resourceType": "Practitioner", "id": "o"}], generalPractitioner=[{"reference": "#o"}]
        ),
        [("slice-closed", "Patient.generalPractitioner[0]")],
    ),
    "shorthand": (ONE_TYPE, observation(valueQuantity={"value": 1}), []),
    "shorthand-closes": (
        ONE_TYPE,
        observation(valueString="x"),
        [("slice-closed", "Observation.value.ofType(string)")],
    ),
    "choice-stated-stays-open": (OPEN_TYPE, observation(valueString="x"), []),
    "list-of-a-pattern": (LIST, patient(maritalStatus={"text": "M"}), [("pattern", "Patient.maritalStatus")]),
    "warning-without-expression": (NO_EXPRESSION, patient(), [("t-1", "Patient")]),
}


@pytest.mark.parametrize("name", PROFILE_CASES)
def test_profiles(name: str) -> None:
    held, resource, expected = PROFILE_CASES[name]
    assert told(resource, held) == expected


def derived(*elements: Json, kind: str = "Patient", **more: Any) -> Json:
    """A profile as somebody sends it to be checked, with what it needs besides."""
    made = profile("Derived", kind, element(""), *elements)
    for number, one in enumerate(made["differential"]["element"]):
        one.setdefault("id", one["path"] if "sliceName" not in one else f"{one['path']}:{one['sliceName']}")
        assert number < 9
    return {
        **made,
        "id": "derived",
        "text": NARRATIVE,
        "kind": "complex-type" if kind == "Extension" else "resource",
        "fhirVersion": "4.0.1",
        **more,
    }


def at(number: int, *more: str) -> str:
    return ".".join([f"StructureDefinition.differential.element[{number}]", *more])


DEFINITION_CASES: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    "right": (derived(element("name", min=1), element("gender", min=1)), []),
    "no-element": (derived(element("foo", min=1)), [("profile-element", at(1))]),
    "more-often": (derived(element("gender", max="*")), [("profile-element", at(1))]),
    "less-often": (derived(element("status", min=0), kind="Observation"), [("profile-element", at(1))]),
    "another-type": (
        derived(element("birthDate", type=[{"code": "string"}])),
        [("profile-element", at(1, "type[0]"))],
    ),
    "one-type-of-a-choice": (derived(element("deceased[x]", type=[{"code": "boolean"}])), []),
    "a-resource-in-an-entry": (
        derived(element("entry.resource", type=[{"code": "Patient"}]), kind="Bundle"),
        [],
    ),
    "below-a-datatype": (derived(element("name.family", min=1)), []),
    "below-a-typed-name": (
        derived(element("valueQuantity", min=0), element("valueQuantity.code", min=1), kind="Observation"),
        [],
    ),
    "another-target": (
        derived(
            element(
                "managingOrganization",
                type=[{"code": "Reference", "targetProfile": [f"{CORE}Patient"]}],
            )
        ),
        [("profile-element", at(1, "type[0]"))],
    ),
    "profile-of-another-type": (
        derived(element("address", type=[{"code": "Address", "profile": [f"{CORE}Patient"]}])),
        [("profile-element", at(1, "type[0]", "profile[0]"))],
    ),
    "weaker-binding": (
        derived(
            element(
                "gender",
                binding={
                    "strength": "preferred",
                    "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender",
                },
            )
        ),
        [("profile-element", at(1, "binding"))],
    ),
    "other-codes": (
        derived(
            element(
                "gender",
                binding={
                    "strength": "required",
                    "valueSet": "http://hl7.org/fhir/ValueSet/contact-point-use",
                },
            )
        ),
        [("profile-element", at(1, "binding"))],
    ),
    "fixed-of-another-type": (derived(element("birthDate", fixedString="x")), [("profile-element", at(1))]),
    "key-of-another-invariant": (
        derived(
            element(
                "name",
                constraint=[{"key": "pat-1", "severity": "error", "human": "h", "expression": "true"}],
            )
        ),
        [("profile-element", at(1, "constraint[0]"))],
    ),
    "too-late": (
        derived(element("gender", min=1), element("name", min=1)),
        [("profile-element", at(2))],
    ),
    "slice-of-nothing": (
        derived(element("identifier", slice="a")),
        [("profile-slicing", at(1))],
    ),
    "slices-of-one": (
        derived(sliced("gender", ("value", "$this"))),
        [("profile-slicing", at(1, "slicing"))],
    ),
    "another-kind": (
        derived(element("name", min=1), kind="Patient") | {"kind": "complex-type"},
        [("profile-base", "StructureDefinition")],
    ),
    "context-of-no-extension": (
        derived(element("name", min=1), context=[{"type": "element", "expression": "Patient"}]),
        [("extension-context", "StructureDefinition.context[0]")],
    ),
    "no-address-of-an-extension": (
        derived(
            element("value[x]", type=[{"code": "string"}]),
            kind="Extension",
            context=[{"type": "element", "expression": "Patient"}],
        ),
        [("extension-url", "StructureDefinition")],
    ),
    "unreadable-context-invariant": (
        derived(
            element("url", fixedUri=f"{BASE}Derived"),
            kind="Extension",
            context=[{"type": "element", "expression": "Patient"}],
            contextInvariant=["name.exists("],
        ),
        [("extension-context", "StructureDefinition.contextInvariant[0]")],
    ),
    "context-in-an-unknown-profile": (
        derived(
            element("url", fixedUri=f"{BASE}Derived"),
            kind="Extension",
            context=[{"type": "element", "expression": "http://a.test/StructureDefinition/none"}],
        ),
        [("extension-context", "StructureDefinition.context[0]")],
    ),
    "itself": (
        derived(element("name", min=1)) | {"baseDefinition": f"{BASE}Derived"},
        [
            ("profile-base", "StructureDefinition"),
            ("profile-broken", "StructureDefinition"),
        ],
    ),
    # Nobody here knows the base: told, and no error.
    "unknown-base": (
        derived(element("name", min=1)) | {"baseDefinition": "http://a.test/StructureDefinition/none"},
        [],
    ),
}


@pytest.mark.parametrize("name", DEFINITION_CASES)
def test_definitions(name: str) -> None:
    resource, expected = DEFINITION_CASES[name]
    assert told(resource) == expected, errors(resource)


def test_an_unknown_base_is_told_as_what_could_not_be_checked() -> None:
    resource, _ = DEFINITION_CASES["unknown-base"]
    found = [issue for issue in Validator("r4").validate(resource) if issue.rule == "profile-broken"]
    assert [issue.severity for issue in found] == ["warning"]
    assert "http://a.test/StructureDefinition/none" in found[0].text
