"""Extensions: known or not, of the form their definition gives, and where they may stand
(https://hl7.org/fhir/R4/extensibility.html).
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.validator import Validator
from tests.validation.profiles import BASE, CORE, Held, element, errors, profile, told

Told = list[tuple[str, str]]


def definition(name: str, *contexts: tuple[str, str], **more: Any) -> dict[str, Any]:
    """An extension of a string that may stand in ``contexts``."""
    return profile(
        name,
        "Extension",
        element("url", fixedUri=BASE + name),
        element("value[x]", min=1, type=[{"code": "string"}]),
        context=[{"type": kind, "expression": where} for kind, where in contexts],
        **more,
    )


def use(name: str, **more: Any) -> dict[str, Any]:
    return {"url": BASE + name, "valueString": "a", **more}


def told_with(resource: dict[str, Any], *held: dict[str, Any], **options: Any) -> Told:
    """As :func:`told`, with everything only at hand."""
    return told(resource, profile("none", resource["resourceType"]), *held, **options)


PATIENT: dict[str, Any] = {"resourceType": "Patient"}
EXT = use("e")
PLACES: dict[str, tuple[tuple[str, str], dict[str, Any], Told]] = {
    "resource": (("element", "Patient"), {**PATIENT, "extension": [EXT]}, []),
    "any-resource": (("element", "DomainResource"), {**PATIENT, "extension": [EXT]}, []),
    "other-resource": (
        ("element", "Observation"),
        {**PATIENT, "extension": [EXT]},
        [("extension-context", "Patient")],
    ),
    "element": (("element", "Patient.name"), {**PATIENT, "name": [{"family": "A", "extension": [EXT]}]}, []),
    "type": (("element", "HumanName"), {**PATIENT, "name": [{"family": "A", "extension": [EXT]}]}, []),
    "other-element": (
        ("element", "Patient.contact"),
        {**PATIENT, "name": [{"family": "A", "extension": [EXT]}]},
        [("extension-context", "Patient.name[0]")],
    ),
    "through-a-type": (
        ("element", "Patient.name.family"),
        {**PATIENT, "name": [{"family": "A", "_family": {"extension": [EXT]}}]},
        [],
    ),
    "primitive": (
        ("element", "Patient.birthDate"),
        {**PATIENT, "birthDate": "2000", "_birthDate": {"extension": [EXT]}},
        [],
    ),
    "other-primitive": (
        ("element", "Patient.active"),
        {**PATIENT, "_birthDate": {"extension": [EXT]}},
        [("extension-context", "Patient.birthDate")],
    ),
    "any": (("element", "Element"), {**PATIENT, "_birthDate": {"extension": [EXT]}}, []),
    "path": (
        ("fhirpath", "Patient.name.where(use = 'usual')"),
        {**PATIENT, "name": [{"use": "usual", "extension": [EXT]}]},
        [],
    ),
    "other-path": (
        ("fhirpath", "Patient.name.where(use = 'usual')"),
        {**PATIENT, "name": [{"use": "old", "extension": [EXT]}]},
        [("extension-context", "Patient.name[0]")],
    ),
    "in-extension": (
        ("extension", "http://example.org/outer"),
        {**PATIENT, "extension": [{"url": "http://example.org/outer", "extension": [EXT]}]},
        [],
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_an_extension_stands_where_it_may(name: str) -> None:
    context, resource, expected = PLACES[name]
    assert told_with(resource, definition("e", context)) == expected


def test_a_context_invariant_is_asked_of_the_element_around() -> None:
    female = definition("e", ("element", "Patient"), contextInvariant=["gender = 'female'"])
    assert told_with({**PATIENT, "gender": "female", "extension": [EXT]}, female) == []
    assert told_with({**PATIENT, "gender": "male", "extension": [EXT]}, female) == [
        ("extension-context", "Patient")
    ]


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (use("e"), []),
        ({"url": BASE + "e", "valueCode": "a"}, [("choice", "Patient.extension[0]")]),
        (
            {"url": BASE + "e", "extension": [use("e")]},
            [("extension-context", "Patient.extension[0]"), ("cardinality", "Patient.extension[0]")],
        ),
        ({"valueString": "a"}, [("cardinality", "Patient.extension[0]")]),
        (use("e", url="relative"), [("extension-url", "Patient.extension[0]")]),
        (use("e", url=BASE + "e|1.0"), [("extension-url", "Patient.extension[0]")]),
    ],
)
def test_an_extension_is_as_it_is_defined(extension: dict[str, Any], expected: Told) -> None:
    resource = {**PATIENT, "extension": [extension]}
    found = told_with(resource, definition("e", ("element", "Patient")))
    assert set(expected) <= set(found)
    assert bool(found) == bool(expected)


def test_a_complex_extension_has_the_parts_it_is_defined_with() -> None:
    nationality = CORE + "patient-nationality"
    code = {"url": "code", "valueCodeableConcept": {"text": "A"}}
    right = {**PATIENT, "extension": [{"url": nationality, "extension": [code]}]}
    wrong = {
        **PATIENT,
        "extension": [{"url": nationality, "extension": [code, {"url": "kode", "valueString": "A"}]}],
    }
    assert told(right) == []
    (issue,) = errors(wrong)
    assert (issue.rule, issue.expression) == ("extension-part", "Patient.extension[0].extension[1]")
    assert "'kode' is not a part" in issue.text
    assert "it has code, period" in issue.text


def test_an_extension_that_modifies_has_its_own_place() -> None:
    plain = definition("e", ("element", "Patient"))
    modifying = definition("m", ("element", "Patient"))
    modifying["differential"]["element"].insert(0, {"path": "Extension", "isModifier": True})
    assert told_with({**PATIENT, "modifierExtension": [use("m")]}, modifying) == []
    assert told_with({**PATIENT, "extension": [use("m")]}, modifying) == [
        ("extension-modifier", "Patient.extension[0]")
    ]
    assert told_with({**PATIENT, "modifierExtension": [use("e")]}, plain) == [
        ("extension-modifier", "Patient.modifierExtension[0]")
    ]


@pytest.mark.parametrize(
    ("url", "options", "severity"),
    [
        ("http://hospital.test/e", {}, "error"),
        ("http://hospital.test/e", {"any_extension": True}, "information"),
        (
            "http://hospital.test/e",
            {"any_extension": False, "extension_domains": ("http://hospital.test",)},
            "information",
        ),
        ("http://example.org/e", {}, "information"),
        ("http://example.org/e", {"examples": False}, "error"),
    ],
)
def test_an_unknown_extension_is_told_as_the_caller_wants(url: str, options: Any, severity: str) -> None:
    from fhir_vitiligo.validation.context import Options

    validator = Validator(Release.R4, Held(), Options(**options))
    issues = validator.validate({**PATIENT, "extension": [{"url": url, "valueString": "a"}]})
    (issue,) = (issue for issue in issues if issue.rule == "extension-unknown")
    assert (issue.severity, issue.expression) == (severity, "Patient.extension[0]")
    assert "load its package" in issue.text


def test_a_part_of_an_extension_without_a_url_means_nothing() -> None:
    """As HL7's engine: where the extension is called something, the part has that one's name."""
    part = {"url": "status", "valueCode": "a"}

    def places(extension: Any) -> list[str]:
        found = errors({**PATIENT, "extension": [extension]})
        return [one.expression for one in found if one.rule == "extension-url"]

    assert places({"extension": [part]}) == ["Patient.extension[0].extension[0]"]
    assert places({"url": ["x"], "extension": [part]}) == ["Patient.extension[0].extension[0]"]
    assert places({"url": "x", "extension": [part]}) == ["Patient.extension[0]"]
    assert places({"url": "", "extension": [part]}) == ["Patient.extension[0]"]
    nested = {"url": "http://a.b/c", "extension": [{"extension": [part]}]}
    assert places(nested) == ["Patient.extension[0].extension[0].extension[0]"]


def test_an_element_of_another_release_stands_where_it_would() -> None:
    use_of = {
        "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.diagnosis.use",
        "valueCodeableConcept": {"text": "admission"},
    }
    diagnosis = {"condition": {"display": "vitiligo"}}
    encounter = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    assert told({**encounter, "diagnosis": [{**diagnosis, "extension": [use_of]}]}) == []
    assert told({**encounter, "extension": [use_of]}) == []
    elsewhere = {**encounter, "diagnosis": [diagnosis], "period": {"start": "2020", "extension": [use_of]}}
    assert told(elsewhere) == [("extension-context", "Encounter.period")]


USE = "http://hl7.org/fhir/StructureDefinition/version-specific-use"


def only(**bounds: str) -> dict[str, Any]:
    return {
        "extension": [{"url": f"{name}FhirVersion", "valueCode": said} for name, said in bounds.items()],
        "url": USE,
    }


@pytest.mark.parametrize(
    ("bounds", "release", "fits"),
    [
        ({"end": "4.3"}, Release.R4, True),
        ({"end": "4.3"}, Release.R4B, True),
        ({"end": "4.3"}, Release.R5, False),
        ({"start": "4.3"}, Release.R4, False),
        ({"start": "5.0"}, Release.R5, True),
        ({"start": "4.0", "end": "5.0"}, Release.R5, True),
    ],
)
def test_an_extension_or_a_context_for_some_releases(
    bounds: dict[str, str], release: Release, fits: bool
) -> None:
    resource = {**PATIENT, "extension": [EXT]}
    expected = [] if fits else [("extension-context", "Patient")]
    as_a_whole = definition("e", ("element", "Patient"), extension=[only(**bounds)])
    assert told_with(resource, as_a_whole, release=release) == expected
    one_context = definition("e", ("element", "Patient"), ("element", "Observation"))
    one_context["context"][0]["extension"] = [only(**bounds)]
    assert told_with(resource, one_context, release=release) == expected
    # The only one there is.
    one_context["context"].pop()
    assert told_with(resource, one_context, release=release) == expected


def test_extensions_of_HL7s_tools_are_known_by_their_package_or_not_at_all() -> None:
    tools = "http://hl7.org/fhir/tools/StructureDefinition/"
    definition_of = profile("p", "Patient", element("name"))
    definition_of["extension"] = [{"url": f"{tools}anything", "valueCode": "x"}]
    assert ("address-unknown", "StructureDefinition.extension[0].url") in told(definition_of)
    # Read here, whoever defines it.
    definition_of["extension"][0]["url"] = f"{tools}additional-binding"
    assert ("address-unknown", "StructureDefinition.extension[0].url") not in told(definition_of)


def test_a_context_for_another_release_need_not_be_there() -> None:
    said = definition("e", ("element", "Patient"), ("element", "RequestGroup"))
    assert ("extension-context", "StructureDefinition.context[1]") in told(said, release=Release.R5)
    said["context"][1]["extension"] = [only(end="4.3")]
    assert ("extension-context", "StructureDefinition.context[1]") not in told(said, release=Release.R5)
