"""What addresses, systems and ids HL7's engine (6.10.3) tells as wrong, as (rule, place); nothing where nothing is."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.addresses import is_absolute
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import parse
from fhir_vitiligo.validation import Validator
from tests.validation.profiles import Json, errors, told


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", **elements}


def observation(**elements: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **elements}


@pytest.mark.parametrize(
    ("text", "absolute"),
    [
        ("http://x.test", True),
        ("urn:x", True),
        ("svn+ssh:x", True),
        ("HTTP://x.test", False),
        ("Ahttp://x.test", False),
        ("x:", False),
        ("a b:c", False),
        ("x", False),
        ("", False),
    ],
)
def test_an_absolute_address_has_a_scheme_in_lower_case_and_something_behind_it(
    text: str, absolute: bool
) -> None:
    assert is_absolute(text) is absolute


@pytest.mark.parametrize("system", ["HTTP://x.test", "Ahttp://x.test", "foo:bar", "mailto:a@b.test", "loinc"])
def test_systems_are_called_by_a_url_or_a_urn(system: str) -> None:
    identifier = patient(identifier=[{"system": system, "value": "1"}])
    assert told(identifier) == [("system-relative", "Patient.identifier[0]")]
    quantity = observation(valueQuantity={"value": 1, "system": system, "code": "1"})
    assert told(quantity) == [("system-relative", "Observation.value.ofType(Quantity)")]
    assert told(patient(meta={"tag": [{"system": system, "code": "1"}]})) == [
        ("system-relative", "Patient.meta.tag[0]")
    ]
    # In a concept, other codings may stand beside it.
    assert told(observation(valueCodeableConcept={"coding": [{"system": system, "code": "1"}]})) == []


@pytest.mark.parametrize(
    ("system", "meant"),
    [
        ("http://loinc.org/", "http://loinc.org"),
        ("http://snomed.info/sct/900000000000207008", "http://snomed.info/sct"),
        ("https://snomed.info/sct", "http://snomed.info/sct"),
        ("https://unitsofmeasure.org", "http://unitsofmeasure.org"),
        (
            "https://terminology.hl7.org/CodeSystem/v3-ActCode",
            "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        ),
    ],
)
def test_a_system_that_is_called_a_little_otherwise_is_told_with_its_address(system: str, meant: str) -> None:
    (issue,) = errors(patient(meta={"tag": [{"system": system, "code": "1"}]}))
    assert (issue.rule, issue.expression) == ("system-unknown", "Patient.meta.tag[0]")
    assert issue.text == f"`system` is '{system}', which is no code system: write {meant}."
    concept = observation(valueCodeableConcept={"coding": [{"system": system, "code": "1"}]})
    found = [one.severity for one in Validator("r4").validate(concept) if one.rule == "system-unknown"]
    assert found == ["warning"]


@pytest.mark.parametrize("system", ["https://unheard.test", "http://snomed.info", "urn:loinc"])
def test_a_system_that_nobody_knows_may_be_one(system: str) -> None:
    assert told(patient(meta={"tag": [{"system": system, "code": "1"}]})) == []


@pytest.mark.parametrize("url", ["HTTP://x.test", "X:y", "x"])
def test_extensions_and_canonicals_are_absolute(url: str) -> None:
    assert told(patient(extension=[{"url": url, "valueString": "x"}])) == [
        ("extension-url", "Patient.extension[0]")
    ]
    assert ("address-relative", "Patient.meta.profile[0]") in told(patient(meta={"profile": [url]}))


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("http://hl7.org/fhir/StructureDefinition/Patient", "StructureDefinition"),
        ("http://hl7.org/fhir/ValueSet/languages", "ValueSet"),
        ("http://hl7.org/fhir/administrative-gender", "CodeSystem"),
    ],
)
def test_what_hl7_publishes_is_at_hand_and_no_patient(reference: str, kind: str) -> None:
    (issue,) = errors(observation(subject={"reference": reference}))
    assert (issue.rule, issue.expression) == ("reference-type", "Observation.subject")
    assert issue.text.startswith(f"`subject` refers to a {kind} ('{reference}')")


@pytest.mark.parametrize("name", ["a b", "a_b", "x" * 65, "é"])
def test_the_id_of_a_data_type_is_an_id_since_r4b(name: str) -> None:
    resource = patient(name=[{"id": name, "family": "x"}])
    wrong = [("primitive", "Patient.name[0].id")]
    found = [told(resource, release=release) for release in Release]
    assert found == [wrong if release is not Release.R4 else [] for release in Release]
    # Of elements that are no data type, and of primitives, it is a string.
    assert told(patient(contact=[{"id": name, "name": {"text": "x"}}]), release=Release.R5) == []
    assert told(patient(active=True, _active={"id": name}), release=Release.R5) == []


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<name><family/></name>", [("ele-1", "Patient.name[0].family")]),
        ("<name><unheard value='x'/></name>", [("unknown", "Patient.name[0]")]),
        (
            "<link><other><display/></other><type value='refer'/></link>",
            [("ele-1", "Patient.link[0].other.display")],
        ),
        (
            "<name><family value='x'/><family value='y'/></name>",
            [("cardinality", "Patient.name[0]")],
        ),
    ],
)
def test_what_is_around_something_unreadable_in_xml_is_not_empty(
    inside: str, expected: list[tuple[str, str]]
) -> None:
    document = parse(f'<Patient xmlns="http://hl7.org/fhir">{inside}</Patient>'.encode())
    found = document.join(Validator("r4").validate(document.resource))
    assert [(one.rule, one.expression) for one in found if one.severity == "error"] == expected
