"""What packages of other people showed: types among their own profiles, definitions that nobody validated, logical
models, addresses of HL7's publisher (https://hl7.org/fhir/packages.html).
"""

from __future__ import annotations

import copy
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from fhir_vitiligo.validation.context import Options
from tests.validation.mutations import at
from tests.validation.profiles import BASE, CORE, Json, element, profile, sliced

CACHED = Path(__file__).resolve().parents[2] / ".cache" / "packages"
STATUS = CORE + "structuredefinition-standards-status"


def errors(validator: Validator, resource: Any, *profiles: str) -> list[tuple[str | None, str]]:
    return [
        (issue.rule, issue.expression)
        for issue in validator.validate(resource, profiles)
        if issue.severity == "error"
    ]


def identified(**identifier: Any) -> Json:
    return {"resourceType": "Patient", "identifier": [identifier]}


NUMBER = profile(
    "number", "Identifier", element("", min=0), element("system", min=1, fixedUri="urn:oid:1.2.3")
)
OTHER = profile("other", "Identifier", element("", min=0), element("assigner", min=1))


@pytest.mark.parametrize(
    ("types", "fails"),
    [
        ([{"code": "Identifier", "profile": [BASE + "number", BASE + "other"]}], True),
        ([{"code": "Identifier", "profile": [CORE + "Identifier", BASE + "number"]}], False),
        ([{"code": "Identifier", "profile": [BASE + "number", BASE + "other", CORE + "Identifier"]}], False),
        ([{"code": "Identifier"}, {"code": "Identifier", "profile": [BASE + "number"]}], False),
        ([{"code": "Identifier", "profile": [BASE + "number"]}], True),
    ],
)
def test_a_type_among_its_own_profiles_allows_whatever_is_of_it(types: list[Json], fails: bool) -> None:
    whole = profile("patient", "Patient", element("", min=0), element("identifier", type=types))
    validator = Validator(Release.R4, [whole, NUMBER, OTHER])
    assert bool(errors(validator, identified(value="1"), whole["url"])) is fails
    assert errors(validator, identified(system="urn:oid:1.2.3"), whole["url"]) == []


def test_what_is_wrong_with_the_type_itself_is_told_once() -> None:
    types = [{"code": "Identifier", "profile": [CORE + "Identifier", BASE + "number", BASE + "other"]}]
    whole = profile("patient", "Patient", element("", min=0), element("identifier", type=types))
    told = errors(Validator(Release.R4, [whole, NUMBER, OTHER]), identified(use="secondhand"), whole["url"])
    assert told == [("binding", "Patient.identifier[0].use")]


# A profile with something of all that is read of a definition.
RICH: Json = profile(
    "rich",
    "Patient",
    {**element("", min=0), "constraint": [{"key": "r-1", "severity": "error", "human": "a name", "expression": "name.exists()"}]},
    sliced("telecom", ("value", "system")),
    element("telecom", slice="phone", max="1"),
    element("telecom.system", fixedCode="phone"),
    element("identifier", type=[{"code": "Identifier", "profile": [BASE + "number"], "aggregation": ["contained"]}]),
    element("generalPractitioner", type=[{"code": "Reference", "targetProfile": [CORE + "Practitioner"]}]),
    element(
        "language",
        binding={
            "strength": "required",
            "valueSet": "http://hl7.org/fhir/ValueSet/languages",
            "extension": [{"url": CORE + "elementdefinition-maxValueSet", "valueCanonical": "http://hl7.org/fhir/ValueSet/all-languages"}],
            "additional": [{"purpose": "required", "valueSet": "http://hl7.org/fhir/ValueSet/languages"}],
        },
    ),
    element("birthDate", mustHaveValue=True, valueAlternatives=[CORE + "data-absent-reason"]),
    extension=[{"url": CORE + "structuredefinition-imposeProfile", "valueCanonical": CORE + "Patient"}],
    context=[{"type": "element", "expression": "Patient"}],
    contextInvariant=["true"],
)  # fmt: skip
SICK: Json = {
    "resourceType": "Patient",
    "language": "en",
    "identifier": [{"system": "urn:oid:1.2.3"}],
    "telecom": [{"system": "phone", "value": "1"}],
    "generalPractitioner": [{"reference": "Practitioner/1"}],
}
ODD: tuple[Any, ...] = (None, 3, [None], [{"url": 3}], {"a": 1})


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a resource."""
    for key, member in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(member, dict | list):
            yield from places(member, (*path, key))


@pytest.mark.parametrize("is_snapshot", [False, True])
def test_a_definition_that_nobody_validated_ends_no_validation(is_snapshot: bool) -> None:
    whole = copy.deepcopy(RICH)
    if is_snapshot:
        whole["snapshot"] = whole["differential"]
    for path in places(whole):
        if path[0] in ("resourceType", "url", "differential" if is_snapshot else "snapshot"):
            continue
        for odd in ODD:
            broken = copy.deepcopy(whole)
            at(broken, path[:-1])[path[-1]] = copy.deepcopy(odd)
            told = Validator(Release.R4, [broken, NUMBER]).validate(SICK, [BASE + "rich"])
            assert all("object has no" not in one.text and "not iterable" not in one.text for one in told)


def test_a_profile_that_cannot_be_read_is_told_in_words() -> None:
    broken = copy.deepcopy(RICH)
    broken["snapshot"] = {"element": ["Patient"]}
    (told,) = [one for one in Validator(Release.R4, [broken]).validate(SICK, [broken["url"]]) if one.rule == "profile-broken"]  # fmt: skip
    assert "one of its elements has no path" in told.text
    assert "object" not in told.text


@pytest.mark.parametrize("value", [{}, [], [{}], 3, {"a": 1}])
def test_a_code_of_an_extension_that_is_none_ends_no_validation(value: Any) -> None:
    extension = {"url": STATUS, "valueCode": value, "_valueCode": {"id": "a"}}
    resource = {"resourceType": "ValueSet", "status": "active", "extension": [extension]}
    assert "ValueSet.extension[0].value.ofType(code)" in {
        place for _, place in errors(Validator(Release.R4), resource)
    }


def test_a_logical_model_holds_for_no_resource_and_can_be_explained() -> None:
    url = BASE + "Form"
    root = {"id": "Form", "path": "Form", "min": 0, "max": "*"}
    part = {"id": "Form.part", "path": "Form.part", "min": 1, "max": "1", "type": [{"code": "string"}]}
    model = {
        **profile("Form", "Element", base=CORE + "Element"),
        "type": url,
        "kind": "logical",
        "derivation": "specialization",
        "snapshot": {"element": [root, part]},
    }
    validator = Validator(Release.R4, model)
    assert errors(validator, {"resourceType": "Patient"}, url) == [("profile-type", "Patient")]
    assert "no type of FHIR R4" in validator.explain(url)


def test_pages_of_hl7_are_no_definitions() -> None:
    web = {"url": CORE + "web-source", "valueUrl": "http://hl7.org/fhir/R5/codesystem-a.html"}
    resource = {"resourceType": "CodeSystem", "extension": [web], "status": "active", "content": "complete"}
    validator = Validator(Release.R4, options=Options(examples=False))
    assert "address-unknown" not in {rule for rule, _ in errors(validator, resource)}
    resource["extension"] = [{**web, "valueUrl": "http://hl7.org/fhir/StructureDefinition/nobody-knows"}]
    assert ("address-unknown", "CodeSystem.extension[0].value.ofType(url)") in errors(validator, resource)


def test_what_the_publisher_leaves_in_definitions_is_a_remark() -> None:
    address = "http://hl7.org/fhir/build/StructureDefinition/definition"
    held = profile("held", "Patient", element("", min=0))
    held["differential"]["element"][0]["extension"] = [{"url": address, "valueString": "a"}]
    told = Validator(Release.R4).validate(held)
    assert [one.severity for one in told if one.rule == "extension-unknown"] == ["information"]
    assert "address-unknown" not in {one.rule for one in told}


def test_what_core_binds_is_told_once_where_a_snapshot_pins_its_version() -> None:
    held = profile("pinned", "Patient", element("", min=0))
    root = {"id": "Patient", "path": "Patient", "min": 0, "max": "*"}
    gender = {
        "id": "Patient.gender",
        "path": "Patient.gender",
        "min": 0,
        "max": "1",
        "type": [{"code": "code"}],
    }
    address = "http://hl7.org/fhir/ValueSet/administrative-gender"
    for value_set in (f"{address}|4.0.1", address, f"{address}|4.0.2"):
        bound = {**gender, "binding": {"strength": "required", "valueSet": value_set}}
        held["snapshot"] = {"element": [root, bound]}
        told = errors(Validator(Release.R4, held), {"resourceType": "Patient", "gender": "m"}, held["url"])
        assert told.count(("binding", "Patient.gender")) == 1


@pytest.mark.parametrize(("release", "broken"), [("R4", False), ("R4B", False), ("R5", True)])
def test_a_snapshot_of_r4_serves_r4b_where_its_base_is_missing(release: str, broken: bool) -> None:
    root = {"id": "Patient", "path": "Patient", "min": 0, "max": "*"}
    gender = {
        "id": "Patient.gender",
        "path": "Patient.gender",
        "min": 1,
        "max": "1",
        "type": [{"code": "code"}],
    }
    held = profile("held", "Patient", element("gender", min=1), base=BASE + "not-here", fhirVersion="4.0.1")
    held["snapshot"] = {"element": [root, gender]}
    told = errors(Validator(release, held), {"resourceType": "Patient"}, held["url"])
    assert told == [("profile-broken" if broken else "cardinality", "Patient")]


PUBLISHED = (
    "hl7.fhir.au.base-6.0.0",
    "hl7.fhir.uv.genomics-reporting-3.0.0",
    "hl7.fhir.uv.ips-2.0.0",
    "hl7.fhir.uv.order-catalog-0.1.0",
)


@pytest.mark.parametrize("name", PUBLISHED)
def test_profiles_mean_the_same_without_their_snapshots(name: str, tmp_path: Path) -> None:
    file = CACHED / f"{name}.tgz"
    if not file.exists():
        identifier, _, version = name.rpartition("-")
        pytest.skip(f"{name} is not cached: tools/fhir_packages.py fetch {identifier}@{version} gets it")
    examples: list[Json] = []
    profiles: dict[str, list[str]] = {}
    with tarfile.open(file) as archive:
        for member in archive:
            path = Path(member.name)
            stream = archive.extractfile(member) if path.suffix == ".json" else None
            if stream is None or path.name == ".index.json" or path.parent.name not in ("package", "example"):
                continue
            resource = json.loads(stream.read())
            if path.parent.name == "example":
                examples.append(resource)
                continue
            if resource.get("derivation") == "constraint":
                del resource["snapshot"]
                profiles.setdefault(resource["type"], []).append(resource["url"])
            (tmp_path / path.name).write_text(json.dumps(resource), encoding="utf-8")
    given, made = Validator(Release.R4, file), Validator(Release.R4, tmp_path)
    asked = [(one, url) for one in examples for url in profiles.get(one["resourceType"], ())]
    differ = [
        (one.get("id"), url)
        for one, url in asked[:: max(1, len(asked) // 60)]
        if sorted(map(str, given.validate(one, [url]))) != sorted(map(str, made.validate(one, [url])))
    ]
    assert len(asked) > 20
    assert differ == []
