"""Slices: every kind of discriminator, and what slicing itself may ask for
(https://hl7.org/fhir/R5/profiling.html#slicing).
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from tests.validation.profiles import BASE, CORE, element, profile, sliced, told

Told = list[tuple[str, str]]


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def telecom(*systems: str) -> dict[str, Any]:
    return patient(telecom=[{"system": system, "value": "1"} for system in systems])


TELECOM = [
    sliced("telecom", ("value", "system")),
    element("telecom", slice="phone", min=1, max="1"),
    element("telecom.system", fixedCode="phone"),
    element("telecom", slice="mail"),
    element("telecom.system", fixedCode="email"),
    element("telecom.value", maxLength=1),
]


def by_telecom(**slicing: Any) -> dict[str, Any]:
    first = sliced("telecom", ("value", "system"), **slicing)
    return profile("p", "Patient", first, *TELECOM[1:])


@pytest.mark.parametrize(
    ("systems", "slicing", "expected"),
    [
        (("phone", "email", "fax"), {}, []),
        (("email",), {}, [("slice-cardinality", "Patient")]),
        (("phone", "phone"), {}, [("slice-cardinality", "Patient")]),
        (("phone", "fax"), {"rules": "closed"}, [("slice-closed", "Patient.telecom[1]")]),
        (("email", "phone"), {"ordered": True}, [("slice-order", "Patient.telecom[1]")]),
        (("phone", "email"), {"ordered": True}, []),
        (("fax", "phone"), {"rules": "openAtEnd"}, [("slice-order", "Patient.telecom[1]")]),
        (("phone", "fax", "fax"), {"rules": "openAtEnd"}, []),
    ],
)
def test_slices_are_counted_ordered_and_closed(systems: Any, slicing: Any, expected: Told) -> None:
    assert told(telecom(*systems), by_telecom(**slicing)) == expected


def test_only_the_slice_of_an_element_is_asked_of_it() -> None:
    resource = patient(telecom=[{"system": "phone", "value": "12"}, {"system": "email", "value": "12"}])
    assert told(resource, by_telecom()) == [("max-length", "Patient.telecom[1].value")]


def test_an_element_of_two_slices_is_told() -> None:
    asked = profile(
        "p",
        "Patient",
        sliced("telecom", ("exists", "value")),
        element("telecom", slice="one"),
        element("telecom.value", min=1),
        element("telecom", slice="two"),
        element("telecom.value", min=1),
    )
    assert told(telecom("phone"), asked) == [("slice-ambiguous", "Patient.telecom[0]")]


CODING = {"system": "http://a", "code": "x"}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("value", {"patternCodeableConcept": {"coding": [CODING]}}),
        ("pattern", {"patternCodeableConcept": {"coding": [CODING]}}),
        ("value", {"binding": {"strength": "required", "valueSet": "http://example.org/vs"}}),
    ],
)
def test_a_code_tells_the_slice(kind: str, said: dict[str, Any]) -> None:
    codes = {
        "resourceType": "ValueSet",
        "url": "http://example.org/vs",
        "status": "active",
        "compose": {"include": [{"system": "http://a", "concept": [{"code": "x"}]}]},
    }
    asked = profile(
        "p",
        "Observation",
        sliced("component", (kind, "code")),
        element("component", slice="x", min=1),
        element("component.code", **said),
        element("component.value[x]", min=1, type=[{"code": "integer"}]),
    )

    def observation(code: str, **value: Any) -> dict[str, Any]:
        component = {
            "code": {"coding": [{"system": "http://b", "code": "z"}, {"system": "http://a", "code": code}]}
        }
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "a"},
            "component": [{**component, **value}],
        }

    assert told(observation("x", valueInteger=1), asked, codes) == []
    assert told(observation("x"), asked, codes) == [("cardinality", "Observation.component[0]")]
    assert told(observation("x", valueString="1"), asked, codes) == [
        ("choice", "Observation.component[0].value.ofType(string)")
    ]
    assert told(observation("y"), asked, codes) == [("slice-cardinality", "Observation")]


def test_the_type_of_a_choice_tells_the_slice() -> None:
    asked = profile(
        "p",
        "Observation",
        sliced("value[x]", ("type", "$this"), rules="closed"),
        element("value[x]", slice="valueQuantity", type=[{"code": "Quantity"}]),
        element("value[x].unit", min=1),
        element("value[x]", slice="valueString", type=[{"code": "string"}], maxLength=2),
    )

    def observation(**value: Any) -> dict[str, Any]:
        return {"resourceType": "Observation", "status": "final", "code": {"text": "a"}, **value}

    quantity = "Observation.value.ofType(Quantity)"
    assert told(observation(valueQuantity={"value": 1, "unit": "g"}), asked) == []
    assert told(observation(valueQuantity={"value": 1}), asked) == [("cardinality", quantity)]
    assert told(observation(valueString="abc"), asked) == [("max-length", "Observation.value.ofType(string)")]
    assert told(observation(valueBoolean=True), asked) == [
        ("slice-closed", "Observation.value.ofType(boolean)")
    ]


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"http://example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


PATIENT = {"resourceType": "Patient", "id": "1", "gender": "female"}
ORGANIZATION = {"resourceType": "Organization", "id": "2", "name": "A"}


def test_the_type_of_a_resource_tells_the_slice() -> None:
    asked = profile(
        "p",
        "Bundle",
        sliced("entry", ("type", "resource")),
        element("entry", slice="patient", min=1, max="1"),
        element("entry.resource", type=[{"code": "Patient"}]),
    )
    assert told(bundle(PATIENT, ORGANIZATION), asked) == []
    assert told(bundle(ORGANIZATION), asked) == [("slice-cardinality", "Bundle")]


def test_a_profile_tells_the_slice() -> None:
    female = profile("female", "Patient", element("gender", min=1, fixedCode="female"))
    asked = profile(
        "p",
        "Bundle",
        sliced("entry", ("profile", "resource")),
        element("entry", slice="female", min=1, max="1"),
        element("entry.resource", type=[{"code": "Patient", "profile": [BASE + "female"]}]),
    )
    other = {**PATIENT, "id": "3", "gender": "male"}
    assert told(bundle(PATIENT, other), asked, female) == []
    assert told(bundle(other), asked, female) == [("slice-cardinality", "Bundle")]


def test_what_a_reference_names_tells_the_slice() -> None:
    asked = profile(
        "p",
        "Patient",
        sliced("generalPractitioner", ("type", "resolve()")),
        element(
            "generalPractitioner",
            slice="organization",
            min=1,
            type=[{"code": "Reference", "targetProfile": [CORE + "Organization"]}],
        ),
        element("generalPractitioner.display", min=1),
    )
    by_type = profile(
        "p", "Patient", sliced("generalPractitioner", ("profile", "resolve()")), *_organization()
    )

    def with_practitioner(**reference: Any) -> dict[str, Any]:
        return patient(contained=[ORGANIZATION], generalPractitioner=[{"reference": "#2", **reference}])

    assert told(with_practitioner(display="A"), by_type) == []
    assert told(with_practitioner(), by_type) == [("cardinality", "Patient.generalPractitioner[0]")]
    # Of a slice told by the type of its target, the type of the reference itself says nothing.
    assert {rule for rule, _ in told(with_practitioner(display="A"), asked)} <= {"slice-cardinality"}


def _organization() -> list[dict[str, Any]]:
    target = [{"code": "Reference", "targetProfile": [CORE + "Organization"]}]
    return [
        element("generalPractitioner", slice="organization", min=1, type=target),
        element("generalPractitioner.display", min=1),
    ]


def test_what_is_there_tells_the_slice() -> None:
    asked = profile(
        "p",
        "Patient",
        sliced("name", ("exists", "family")),
        element("name", slice="full", min=1),
        element("name.family", min=1),
        element("name", slice="given-only"),
        element("name.family", max="0"),
        element("name.given", min=1),
    )
    assert told(patient(name=[{"family": "A"}, {"given": ["B"]}]), asked) == []
    assert told(patient(name=[{"given": ["B"]}]), asked) == [("slice-cardinality", "Patient")]
    assert told(patient(name=[{"family": "A"}, {"text": "B"}]), asked) == [("cardinality", "Patient.name[1]")]


def test_an_extension_in_the_path_tells_the_slice() -> None:
    url = CORE + "patient-birthPlace"
    asked = profile(
        "p",
        "Patient",
        sliced("contact", ("exists", f"extension('{url}')")),
        element("contact", slice="placed", min=1),
        element(
            "contact.extension",
            slicing={"discriminator": [{"type": "value", "path": "url"}], "rules": "open"},
        ),
        element("contact.extension", slice="place", min=1, type=[{"code": "Extension", "profile": [url]}]),
    )
    place = {"url": url, "valueAddress": {"city": "A"}}
    with_it = patient(contact=[{"extension": [place], "name": {"family": "A"}}])
    without = patient(contact=[{"name": {"family": "A"}}])
    assert ("slice-cardinality", "Patient") not in told(with_it, asked)
    assert ("slice-cardinality", "Patient") in told(without, asked)


def test_an_extension_is_a_slice_by_its_url() -> None:
    url = CORE + "patient-mothersMaidenName"
    asked = profile(
        "p",
        "Patient",
        element("extension", slice="maiden", min=1, type=[{"code": "Extension", "profile": [url]}]),
    )
    assert told(patient(extension=[{"url": url, "valueString": "A"}]), asked) == []
    assert told(patient(), asked) == [("slice-cardinality", "Patient")]


def test_a_position_tells_the_slice() -> None:
    asked = profile(
        "p",
        "Patient",
        sliced("name", ("position", "$this")),
        element("name", slice="first", min=1, max="1"),
        element("name.use", min=1, fixedCode="official"),
        element("name", slice="others"),
        element("name.use", min=1, fixedCode="old"),
    )
    names = [{"use": "official", "family": "A"}, {"use": "old", "family": "B"}]
    assert told(patient(name=names), asked, release=Release.R5) == []
    assert told(patient(name=names[::-1]), asked, release=Release.R5) == [
        ("fixed", "Patient.name[0].use"),
        ("fixed", "Patient.name[1].use"),
    ]


def test_a_slice_is_sliced_again() -> None:
    asked = profile(
        "p",
        "Patient",
        sliced("identifier", ("value", "system"), ("value", "use")),
        element("identifier", slice="a", max="2"),
        element("identifier.system", fixedUri="http://a"),
        element("identifier", slice="a/usual", min=1, max="1"),
        element("identifier.system", fixedUri="http://a"),
        element("identifier.use", min=1, fixedCode="usual"),
        element("identifier.value", maxLength=1),
    )

    def identifiers(*uses: str) -> dict[str, Any]:
        return patient(identifier=[{"system": "http://a", "use": use, "value": "12"} for use in uses])

    assert told(identifiers("usual", "old"), asked) == [("max-length", "Patient.identifier[0].value")]
    assert told(identifiers("old", "old"), asked) == [("slice-cardinality", "Patient")]


@pytest.mark.parametrize(
    ("discriminator", "words"),
    [
        (("value", "family"), "slicing"),
        (("value", "where(use = 'usual')"), "slicing"),
        (("size", "use"), "slicing"),
    ],
)
def test_a_slice_that_nothing_tells_apart_is_told(discriminator: tuple[str, str], words: str) -> None:
    asked = profile("p", "Patient", sliced("name", discriminator), element("name", slice="a", min=1))
    assert told(patient(name=[{"family": "A"}]), asked) == [(words, "Patient.name[0]")]


def test_many_slices_of_profiles_end() -> None:
    slices: list[dict[str, Any]] = []
    for number in range(40):
        slices.append(element("entry", slice=f"s{number}"))
        slices.append(element("entry.resource", type=[{"code": "Patient", "profile": [f"{BASE}f{number}"]}]))
    held = [profile(f"f{number}", "Patient", element("birthDate", min=1)) for number in range(40)]
    asked = profile("p", "Bundle", sliced("entry", ("profile", "resource")), *slices)
    people = [{"resourceType": "Patient", "id": str(number)} for number in range(60)]
    assert told(bundle(*people), asked, *held) == []
