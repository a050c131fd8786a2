"""Expressions of definitions that name what is not there, as HL7's engine (6.10.3) tells it."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from tests.validation.profiles import BASE, Json, element, profile

PLACE = "StructureDefinition"


def found(resource: Json, release: Release = Release.R4) -> list[tuple[str, str, str]]:
    """(severity, rule, place) of what is told of the expressions of a definition."""
    told = Validator(release).validate(resource)
    rules = ("profile-invariant", "profile-discriminator", "extension-context", "search-parameter")
    return [(one.severity, str(one.rule), one.expression) for one in told if one.rule in rules]


def constraint(expression: str, **more: Any) -> Json:
    return {"key": "acme-1", "severity": "error", "human": "h", "expression": expression, **more}


def invariant(path: str, expression: str, **more: Any) -> Json:
    """A profile with a snapshot, in which the invariant is the last element's."""
    said = profile("p", "Patient", element(path, constraint=[constraint(expression)]))
    elements = [{"id": "Patient", "path": "Patient", "min": 0, "max": "*"}]
    if path:
        elements.append({"id": f"Patient.{path}", "path": f"Patient.{path}", "min": 0, "max": "*"})
    elements[-1]["constraint"] = [constraint(expression, source=BASE + "p", **more)]
    return {**said, "kind": "resource", "snapshot": {"element": elements}}


@pytest.mark.parametrize(
    ("path", "expression"),
    [("", "name.exists()"), ("contact", "name.exists()"), ("name.family", "length() > 1"), ("deceased[x]", "$this is boolean")],
)  # fmt: skip
def test_an_invariant_that_fits(path: str, expression: str) -> None:
    assert found(invariant(path, expression)) == []


@pytest.mark.parametrize(
    ("path", "expression", "index"),
    [
        ("", "nam.exists()", 0),
        ("", "name.exists() and", 0),
        ("", "name.exist()", 0),
        ("", "name.exists(1, 2)", 0),
        ("contact", "birthDate.exists()", 1),
        ("deceased[x]", "family.exists()", 1),
        ("name.family", "family.exists()", 1),
        ("", "%nobody.exists()", 0),
    ],
)
def test_an_invariant_that_does_not(path: str, expression: str, index: int) -> None:
    place = f"{PLACE}.snapshot.element[{index}].constraint[0]"
    assert found(invariant(path, expression)) == [("error", "profile-invariant", place)]


def test_an_inherited_invariant_is_the_other_profiles_affair() -> None:
    said = invariant("", "nam.exists()")
    said["snapshot"]["element"][0]["constraint"][0]["source"] = "http://acme.test/other"
    assert found(said) == []


def test_what_a_differential_adds_is_its_own() -> None:
    place = f"{PLACE}.differential.element[0].constraint[0]"
    for source, expected in (
        (BASE + "p", []),
        ("http://acme.test/other", [("error", "profile-invariant", place)]),
    ):
        said = profile("p", "Patient", element("", constraint=[constraint("name.exists()", source=source)]))
        assert found(said) == expected


def test_without_a_snapshot_it_is_a_warning() -> None:
    said = profile("p", "Patient", element("", constraint=[constraint("nam.exists()")]))
    place = f"{PLACE}.differential.element[0].constraint[0]"
    assert found(said) == [("warning", "profile-invariant", place)]


def test_what_is_told_names_the_invariant_and_the_mistake() -> None:
    (issue,) = (
        one
        for one in Validator(Release.R4).validate(invariant("", "nam.exists()"))
        if one.rule == "profile-invariant"
    )
    assert issue.text == (
        "The invariant 'acme-1' cannot be asked. The expression does not fit Patient: there is no element nam in Patient "
        "(column 1 of the FHIRPath 'nam.exists()')."
    )


def extension(expression: str, *contexts: tuple[str, str]) -> Json:
    return profile(
        "e",
        "Extension",
        element("url", fixedUri=BASE + "e"),
        element("value[x]", type=[{"code": "string"}]),
        context=[{"type": kind, "expression": where} for kind, where in contexts],
        contextInvariant=[expression],
    )


@pytest.mark.parametrize(
    ("expression", "contexts", "fits"),
    [
        ("name.exists()", [("element", "Patient")], True),
        ("nam.exists()", [("element", "Patient")], False),
        ("name.exists()", [("element", "Patient"), ("element", "Observation")], True),
        ("family.exists()", [("element", "Patient.name")], True),
        ("fam.exists()", [("element", "HumanName")], False),
        ("%extension.value.exists()", [("element", "Patient")], True),
        ("%resource.nothing.exists()", [("element", "Patient")], False),
        # Who knows what a FHIRPath selects, or what another extension's element is.
        ("nam.exists()", [("fhirpath", "Patient")], True),
        ("nam.exists()", [("element", "Patient"), ("extension", "http://acme.test/e")], True),
    ],
)
def test_a_context_invariant(expression: str, contexts: list[tuple[str, str]], fits: bool) -> None:
    expected = [] if fits else [("error", "extension-context", f"{PLACE}.contextInvariant[0]")]
    assert found(extension(expression, *contexts)) == expected


def sliced(path: str, told: str, **more: Any) -> Json:
    slicing = {"discriminator": [{"type": "value", "path": told}], "rules": "open"}
    return profile("s", path.partition(".")[0], element(path.partition(".")[2], slicing=slicing, **more))


@pytest.mark.parametrize(
    ("path", "told", "fits"),
    [
        ("Patient.identifier", "system", True),
        ("Patient.identifier", "sys", False),
        ("Patient.identifier", "type.coding.code", True),
        ("Patient.identifier", "type.codin.code", False),
        ("Patient.identifier", "$this", True),
        ("Patient.extension", "url", True),
        ("Observation.component", "code", True),
        ("Observation.component", "value.ofType(Quantity).code", True),
        ("Observation.hasMember", "resolve().code", True),
        ("Observation.hasMember", "resolve().nothing", False),
        ("Bundle.entry", "entry", False),
        ("Patient.contact", "extension('http://acme.test').value", True),
    ],
)
def test_a_discriminator(path: str, told: str, fits: bool) -> None:
    place = f"{PLACE}.differential.element[0].slicing.discriminator[0]"
    # A differential that says the type of what it slices can be held against it as a snapshot can.
    for severity, more in (("warning", {}), ("error", {"type": [{"code": "Any"}]})):
        expected = [] if fits else [(severity, "profile-discriminator", place)]
        told_of_it = found(sliced(path, told, **more))
        assert [one for one in told_of_it if one[1] == "profile-discriminator"] == expected


@pytest.mark.parametrize(
    ("expression", "bases", "fits"),
    [
        ("Patient.name.family", ["Patient"], True),
        ("Patient.nam.family", ["Patient"], False),
        ("Observation.code", ["Patient"], False),
        ("Patient.name | Observation.code", ["Patient", "Observation"], True),
        ("Patient.name | Observation.cod", ["Patient", "Observation"], False),
        ("subject", ["Observation", "Condition"], True),
        ("Resource.nothing", ["Resource"], False),
        ("Patient.link.other.where(resolve() is Patient)", ["Patient"], True),
        ("Patient.telecom.where(system)", ["Patient"], False),
        ("Bundle.entry[0].resource as Composition", ["Bundle"], True),
    ],
)
def test_a_search_parameter(expression: str, bases: list[str], fits: bool) -> None:
    said = {
        "resourceType": "SearchParameter",
        "url": "http://acme.test/SearchParameter/s",
        "name": "S",
        "status": "active",
        "description": "d",
        "code": "s",
        "type": "token",
        "base": bases,
        "expression": expression,
    }
    expected = [] if fits else [("error", "search-parameter", "SearchParameter.expression")]
    assert found(said) == expected
