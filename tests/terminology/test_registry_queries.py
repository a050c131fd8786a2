"""The package's SearchParameters find in real output what they say, and the server's requirements name what
there is. Both releases; the rows are those of the search engine.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from fhir_vitiligo.case.io import read_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.paths import Path, compile_path
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import Mapper
from fhir_vitiligo.mapping.parts import declared_profiles
from fhir_vitiligo.own_package import own_package
from fhir_vitiligo.packaged import example, examples
from fhir_vitiligo.search.types import SEARCH_TYPES
from fhir_vitiligo.terminology.systems import CANONICAL, LOCAL, SNOMED_CT

Json = dict[str, Any]
RELEASES = (Release.R4, Release.R5)
both_releases = pytest.mark.parametrize("release", RELEASES)

FACIAL = b"""
id: facial
subject: {sex: female}
diagnoses:
  - key: sv
    name: segmental
    facial_type: I-a
"""


@cache
def definitions(release: Release, kind: str) -> dict[str, Json]:
    """By id."""
    found = (
        json.loads(path.read_text(encoding="utf-8")) for path in own_package(release).glob(f"{kind}-*.json")
    )
    return {one["id"]: one for one in found}


@cache
def path(release: Release, expression: str, resource_type: str) -> Path:
    found = compile_path(expression, resource_type, definitions_of(release).type_names)
    assert found is not None
    return found


def rows(release: Release, case: Case, resource_type: str, parameter: str) -> list[set[tuple[Any, ...]]]:
    """What a parameter indexes of each resource of the case that has a value for it."""
    definition = definitions(release, "SearchParameter")[parameter]
    assert resource_type in definition["base"]
    values = path(release, definition["expression"], resource_type)
    kind = SEARCH_TYPES[definition["type"]]
    found = [
        {row for value in values(resource) for row in kind.rows(value)}
        for resource in Mapper(release).resources(case)
        if resource["resourceType"] == resource_type
    ]
    return [row for row in found if row]


@both_releases
def test_the_class_is_found_by_the_project_s_code_alone(release: Release) -> None:
    assert rows(release, example("case-report"), "Condition", "vitiligo-class") == [
        {("vgicc-class.segmental", LOCAL)}
    ]
    assert {("subtype.generalized", LOCAL)} in rows(
        release, example("nsv-nbuvb"), "Condition", "vitiligo-class"
    ) or {("vgicc-class.non-segmental", LOCAL)} in rows(
        release, example("nsv-nbuvb"), "Condition", "vitiligo-class"
    )
    # A thyroid disease is a Condition too.
    assert len(rows(release, example("mixed-thyroid"), "Condition", "vitiligo-class")) == 1


@both_releases
def test_the_subtype_is_found(release: Release) -> None:
    (found,) = rows(release, example("mixed-thyroid"), "Condition", "vitiligo-subtype")
    assert ("vgicc-class.mixed", LOCAL) in found


@both_releases
def test_the_facial_type_is_found(release: Release) -> None:
    case = read_case(FACIAL)
    assert rows(release, case, "Condition", "facial-segmental-type") == [
        {("facial-segmental-type.I-a", LOCAL)}
    ]
    assert rows(release, example("case-report"), "Condition", "facial-segmental-type") == []


@both_releases
def test_the_side_is_found_of_condition_and_lesion(release: Release) -> None:
    case = example("case-report")
    right, only_right = (("24028007", SNOMED_CT)), (("419465000", SNOMED_CT))
    assert rows(release, case, "Condition", "laterality") == [{right}]
    # R4's locationQualifier has codes of its own for the side of a structure.
    expected = only_right if release is Release.R4 else right
    assert rows(release, case, "BodyStructure", "laterality") == [{expected}]


@both_releases
def test_the_side_of_a_further_site_is_found(release: Release) -> None:
    case = read_case(
        b"""
id: two-sites
subject: {sex: female}
lesions:
  - key: limbs
    sites: [{site: hand, side: left}, {site: foot, side: right}]
"""
    )
    (found,) = rows(release, case, "BodyStructure", "laterality")
    assert {code for code, _ in found} == (
        {"419161000", "24028007"} if release is Release.R4 else {"7771000", "24028007"}
    )


@both_releases
def test_target_lesions_are_found(release: Release) -> None:
    found = 0
    for name, case in examples().items():
        stated = [lesion.target.value for lesion in case.lesions if lesion.target is not None]
        codes = [code for row in rows(release, case, "BodyStructure", "target-lesion") for code, _ in row]
        assert codes.count("Y") == stated.count(True), name
        found += codes.count("Y")
    assert found > 0


@both_releases
def test_scores_are_found_by_instrument_and_nothing_else_is(release: Release) -> None:
    for name, case in examples().items():
        found = rows(release, case, "Observation", "instrument")
        assert len(found) == len(case.assessments), name
        keys = sorted(str(one.instrument.value and one.instrument.value.concept) for one in case.assessments)
        local = sorted(code.removeprefix("instrument.") for one in found for code, _ in one if code)
        assert local == [key for key in keys if key != "None"], name


@both_releases
def test_an_instrument_with_its_score_is_found(release: Release) -> None:
    parameters = definitions(release, "SearchParameter")
    composite = parameters["instrument-score"]
    instrument, value = composite["component"]
    assert instrument["definition"] == parameters["instrument"]["url"]
    base = path(release, composite["expression"], "Observation")
    # A component's expression starts at what the composite selects.
    code, number = (
        path(release, f"Observation.{part['expression']}", "Observation") for part in (instrument, value)
    )
    found = {
        (token[0], quantity[0])
        for resource in Mapper(release).resources(example("ruxolitinib-cream"))
        if resource["resourceType"] == "Observation"
        for observation in base(resource)
        for token in (row for node in code(observation) for row in SEARCH_TYPES["token"].rows(node))
        for quantity in (row for node in number(observation) for row in SEARCH_TYPES["quantity"].rows(node))
    }
    assert {("instrument.f-vasi", 1.2), ("instrument.f-vasi", 0.3)} <= found
    ambiguous = [
        one
        for one in Mapper(release).resources(example("case-report"))
        if one["resourceType"] == "Observation" and one.get("valueString") == "7, 6"
    ]
    assert len(ambiguous) == 1
    assert number(ambiguous[0]) == []


@both_releases
def test_the_region_of_an_item_is_found(release: Release) -> None:
    found = rows(release, example("nsv-nbuvb"), "Observation", "component-region")
    assert {code for one in found for code, _ in one} >= {"region.trunk", "region.hands"}
    assert rows(release, example("case-report"), "Observation", "component-region") == []


@both_releases
def test_home_treatment_is_found(release: Release) -> None:
    case = example("case-report")
    assert rows(release, case, "MedicationStatement", "treatment-setting") == [{("setting.home", LOCAL)}]
    graft = example("surgery-graft")
    assert {("setting.hospital", LOCAL)} in rows(release, graft, "Procedure", "treatment-setting")


@both_releases
def test_expressions_name_extensions_that_the_package_has(release: Release) -> None:
    urls = {one["url"] for one in definitions(release, "StructureDefinition").values()}
    for name, parameter in definitions(release, "SearchParameter").items():
        named = [word for word in parameter["expression"].split("'") if "/StructureDefinition/" in word]
        assert set(named) <= urls, name
        assert parameter["code"] == name


# The server's requirements


def requirements(release: Release) -> Json:
    (rest,) = definitions(release, "CapabilityStatement")["vitiligo-server"]["rest"]
    return rest


@both_releases
def test_the_requirements_name_every_type_and_profile_that_a_case_becomes(release: Release) -> None:
    served = {one["type"]: one for one in requirements(release)["resource"]}
    profiles = definitions(release, "StructureDefinition")
    for kind, one in served.items():
        for url in one["supportedProfile"]:
            assert profiles[url.rpartition("/")[2]]["type"] == kind
    named = {url.rpartition("/")[2] for one in served.values() for url in one["supportedProfile"]}
    absent = declared_profiles() - named
    assert absent == ({"vitiligo-citation"} if release is Release.R4 else {"vitiligo-source"})
    written = {one["resourceType"] for case in examples().values() for one in Mapper(release).resources(case)}
    assert written <= served.keys()


@both_releases
def test_the_requirements_name_searches_that_exist(release: Release) -> None:
    own = definitions(release, "SearchParameter")
    for one in requirements(release)["resource"]:
        known = definitions_of(release).search_parameters(one["type"])
        for parameter in one["searchParam"]:
            name = parameter["name"]
            if "definition" in parameter:
                assert parameter["definition"] == own[name]["url"]
                assert one["type"] in own[name]["base"]
                assert parameter["type"] == own[name]["type"]
            else:
                assert parameter["type"] == known[name].type, (one["type"], name)
    asked = {
        (one["type"], parameter["name"])
        for one in requirements(release)["resource"]
        for parameter in one["searchParam"]
        if "definition" in parameter
    }
    assert asked == {(base, name) for name, parameter in own.items() for base in parameter["base"]}


@both_releases
def test_the_requirements_name_every_operation_of_the_project(release: Release) -> None:
    rest = requirements(release)
    on_system = {one["definition"] for one in rest["operation"]}
    on_types = {
        (one["type"], operation["definition"])
        for one in rest["resource"]
        for operation in one.get("operation", ())
    }
    own = definitions(release, "OperationDefinition")
    assert own.keys() >= {"to-fhir", "from-fhir", "reindex", "diff"}
    for name, one in own.items():
        assert not one["system"] or one["url"] in on_system, name
        # What any type has is said once, of the system.
        for kind in set(one.get("resource", ())) - {"Resource"}:
            assert (kind, one["url"]) in on_types, name


@both_releases
def test_every_url_of_the_package_is_below_its_canonical_base(release: Release) -> None:
    for kind in ("SearchParameter", "OperationDefinition", "CapabilityStatement", "ConceptMap", "ValueSet"):
        for name, one in definitions(release, kind).items():
            assert one["url"] == f"{CANONICAL}/{kind}/{name}"
            assert one["version"]
            assert one["status"] == "draft"
