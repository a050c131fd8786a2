"""What is compiled of the registry: CodeSystem, ValueSets and ConceptMaps of the package, in R4 and R5."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.own_package import own_package
from fhir_vitiligo.terminology import registry, systems
from fhir_vitiligo.terminology.concepts import category_table
from fhir_vitiligo.terminology.systems import LOCAL

Json = dict[str, Any]
RELEASES = (Release.R4, Release.R5)
CONCEPTS = [one for category in registry.categories() for one in registry.concepts(category)]
OF_THE_REGISTRY = frozenset(systems.ALIAS.values())

# Systems whose codes are the standard's own words: what FHIR and HL7's terminology define, and the reading
# status of this package.
OF_THE_STANDARD = (
    "http://hl7.org/fhir/",
    "http://terminology.hl7.org/CodeSystem/",
    "https://w3id.org/fhir-vitiligo/CodeSystem/reading-status",
    "urn:ietf:",
    "urn:iso:",
)


@cache
def package(release: Release) -> dict[str, Json]:
    """The definitions by file name without ``.json``."""
    folder = own_package(release)
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*-*.json")}


def definition(release: Release, kind: str, name: str) -> Json:
    return package(release)[f"{kind}-{name}"]


def members(release: Release, name: str) -> set[tuple[str, str]]:
    """System and code of everything that a value set lists."""
    return {
        (include["system"], concept["code"])
        for include in definition(release, "ValueSet", f"vitiligo-{name}")["compose"]["include"]
        for concept in include["concept"]
    }


def targets(release: Release, name: str) -> dict[str, dict[str, Json]]:
    """Source code to target code to target of a concept map."""
    (group,) = definition(release, "ConceptMap", f"vitiligo-to-{name}")["group"]
    assert group["source"] == LOCAL
    return {one["code"]: {target["code"]: target for target in one["target"]} for one in group["element"]}


# Codes


def coded(node: Any) -> Iterator[tuple[str, str]]:
    """System and code of every Coding and Quantity, and of what value sets and maps list."""
    if isinstance(node, list):
        for item in node:
            yield from coded(item)
    elif isinstance(node, dict):
        if isinstance(node.get("system"), str):
            if isinstance(node.get("code"), str):
                yield node["system"], node["code"]
            for concept in node.get("concept", ()):
                yield node["system"], concept["code"]
        if {"source", "target", "element"} <= node.keys():
            for element in node["element"]:
                yield node["source"], element["code"]
                for target in element["target"]:
                    yield node["target"], target["code"]
        for value in node.values():
            yield from coded(value)


def not_held(found: Json) -> set[tuple[str, str]]:
    """Codes of terminologies that may not be written, and systems that are neither ours nor the standard's."""
    return {
        (system, code)
        for system, code in coded(found)
        if not (
            registry.may_emit(system, code)
            if systems.canonical_system(system) in OF_THE_REGISTRY
            else system.startswith(OF_THE_STANDARD)
        )
    }


@pytest.mark.parametrize("release", RELEASES)
def test_no_definition_mentions_a_code_that_the_registry_does_not_hold(release: Release) -> None:
    assert len(package(release)) > 100
    assert {name: codes for name, found in package(release).items() if (codes := not_held(found))} == {}


def test_a_code_that_the_registry_does_not_hold_would_be_seen() -> None:
    plaque = {"system": systems.SNOMED_CT, "code": "1522000"}
    assert not_held({"differential": {"element": [{"patternCodeableConcept": {"coding": [plaque]}}]}})
    include = {"system": systems.SNOMED_CT, "concept": [{"code": "56727007"}, {"code": "4001001"}]}
    assert not_held({"compose": {"include": [include]}}) == {(systems.SNOMED_CT, "4001001")}
    element = {"code": "diagnosis.vitiligo", "target": [{"code": "L80.0"}]}
    group = {"source": LOCAL, "target": systems.ICD_10, "element": [element]}
    assert not_held({"group": [group]}) == {(systems.ICD_10, "L80.0")}
    assert not_held({"code": {"system": LOCAL, "code": "instrument.vetff"}})
    assert not_held({"code": {"system": "http://example.org/codes", "code": "x"}})


@pytest.mark.parametrize("release", RELEASES)
def test_the_code_system_has_every_local_code_once(release: Release) -> None:
    concepts = definition(release, "CodeSystem", "vitiligo")["concept"]
    codes = [concept["code"] for concept in concepts]
    assert len(codes) == len(set(codes))
    assert set(codes) == {one.local_code for one in CONCEPTS if one.local_code is not None}
    displays = {concept["code"]: concept["display"] for concept in concepts}
    assert {one.local_code: one.local_coding.display for one in CONCEPTS if one.local_code} == displays


def test_a_shared_code_is_written_with_its_own_display() -> None:
    mixed = registry.concept("subtype", "mixed-with-sv")
    assert mixed.display == "Mixed vitiligo (non-segmental with segmental)"
    (own,) = (coding for coding in mixed.codings if coding.system == LOCAL)
    assert (own.code, own.display) == ("vgicc-class.mixed", "Mixed vitiligo")


# Value sets


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("category", registry.categories())
def test_a_category_has_a_value_set(release: Release, category: str) -> None:
    found = definition(release, "ValueSet", f"vitiligo-{category}")
    assert found["title"] == category_table()[category][0]
    assert found["url"] == f"https://w3id.org/fhir-vitiligo/ValueSet/vitiligo-{category}"
    own = {one.local_code for one in registry.concepts(category) if one.local_code}
    assert {code for system, code in members(release, category) if system == LOCAL} == own


@pytest.mark.parametrize("category", registry.categories())
def test_what_is_written_of_a_concept_is_in_its_value_set(category: str) -> None:
    for release in RELEASES:
        held = members(release, category)
        for concept in registry.concepts(category):
            written = {(coding.system, coding.code) for coding in concept.codings}
            assert written & held, concept.key


@pytest.mark.parametrize("category", registry.categories())
def test_every_member_means_one_concept_of_its_category(category: str) -> None:
    for system, code in members(Release.R4, category):
        assert registry.recognise(category, system, code) is not None, (system, code)
    assert members(Release.R4, category) == members(Release.R5, category)


def test_a_code_that_says_less_is_not_a_member() -> None:
    vitiligo, segmental = (systems.SNOMED_CT, "56727007"), (systems.SNOMED_CT, "403268000")
    assert segmental in members(Release.R4, "vgicc-class")
    assert vitiligo not in members(Release.R4, "vgicc-class")
    assert vitiligo not in members(Release.R4, "subtype")
    assert vitiligo in members(Release.R4, "diagnosis")
    # Near, not the same: an unspecified eye is not the eyelids of both.
    assert (systems.ICD_10_CM, "H02.73") in members(Release.R4, "diagnosis")
    assert (systems.ICD_10_CM, "H02.739") not in members(Release.R4, "diagnosis")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("subtype-segmental", "subtype.unisegmental subtype.bisegmental subtype.plurisegmental"),
        ("instrument-vetf", "instrument.vetf instrument.vetfa"),
        ("instrument-item-dlqi", " ".join(f"instrument-item.dlqi-{number}" for number in range(1, 11))),
        ("region-vetf", "region.head-and-neck region.trunk region.arms region.legs region.hands-and-feet"),
        ("drug-cell-derived", "drug.conditioned-medium-secretome drug.cm-wjmsc drug.exosomes"),
    ],
)
def test_a_subset_has_these_and_no_other(name: str, expected: str) -> None:
    assert {code for system, code in members(Release.R4, name) if system == LOCAL} == set(expected.split())


def test_a_subset_has_what_is_below_a_concept() -> None:
    below = {code for _, code in members(Release.R4, "procedure-phototherapy")}
    assert {"procedure.phototherapy", "procedure.nb-uvb", "procedure.nb-uvb-home"} <= below
    assert "procedure.excimer-laser" not in below
    kinds = {code for _, code in members(Release.R4, "diagnosis-vitiligo")}
    assert {"subtype.focal", "vgicc-class.segmental", "403268000", "L80"} <= kinds
    assert "diagnosis.chemical-leukoderma" not in kinds


# Maps

RELATIONSHIPS = {
    "equivalent": "equivalent",
    "wider": "source-is-narrower-than-target",
    "narrower": "source-is-broader-than-target",
    "inexact": "related-to",
}


def test_the_maps_that_a_registry_needs_are_there() -> None:
    names = {name.removeprefix("ConceptMap-vitiligo-to-") for name in package(Release.R4) if "-to-" in name}
    assert names >= {"snomed-ct", "icd-10", "icd-10-cm", "icd-11", "icd-11-entity", "hpo", "mondo", "omop"}


@pytest.mark.parametrize(
    "name", sorted(name for name in package(Release.R4) if name.startswith("ConceptMap-"))
)
def test_both_releases_say_the_same(name: str) -> None:
    r4, r5 = (targets(release, name.removeprefix("ConceptMap-vitiligo-to-")) for release in RELEASES)
    assert {code: list(found) for code, found in r4.items()} == {
        code: list(found) for code, found in r5.items()
    }
    for code, found in r4.items():
        for target, line in found.items():
            assert r5[code][target]["relationship"] == RELATIONSHIPS[line["equivalence"]]
            # R4 asks for a comment where a target is narrower or inexact (cmd-1).
            assert line["equivalence"] not in ("narrower", "inexact") or line["comment"]


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("snomed-ct", "vgicc-class.segmental", {"403268000": "equivalent"}),
        ("snomed-ct", "subtype.acrofacial", {"56727007": "wider"}),
        ("snomed-ct", "subtype.unisegmental", {"403268000": "wider"}),
        ("icd-10", "diagnosis.vitiligo", {"L80": "equivalent"}),
        ("icd-10", "vgicc-class.segmental", {"L80": "wider"}),
        ("icd-10-cm", "diagnosis.eyelid-periocular", {"H02.73": "equivalent", "H02.739": "inexact"}),
        ("icd-11", "diagnosis.vitiligo", {"ED63.0": "equivalent"}),
        ("icd-11-entity", "diagnosis.vitiligo", {"1894744640": "equivalent"}),
        ("hpo", "finding.koebner-phenomenon", {"HP:6000933": "equivalent"}),
        ("mondo", "diagnosis.vitiligo", {"MONDO:0008661": "equivalent"}),
        ("omop", "vgicc-class.segmental", {"4299692": "equivalent"}),
        ("omop", "subtype.universal", {"138502": "wider"}),
    ],
)
def test_a_target_stands_to_its_source_as_the_registry_says(
    name: str, source: str, expected: dict[str, str]
) -> None:
    found = targets(Release.R4, name)[source]
    assert {code: line["equivalence"] for code, line in found.items()} == expected


def test_vitiligo_of_the_eyelid_is_not_put_under_vitiligo_by_a_classification_that_has_it_elsewhere() -> None:
    eyelids = {one.local_code for one in registry.concepts("diagnosis") if one.key.startswith("eyelid")}
    for name in ("icd-10", "icd-10-cm", "icd-11"):
        found = targets(Release.R4, name)
        assert not any({"L80", "ED63.0"} & found.get(code, {}).keys() for code in eyelids if code)


def test_a_wider_code_that_is_derived_says_so() -> None:
    (line,) = targets(Release.R4, "icd-10")["subtype.universal"].values()
    assert line["comment"] == "The code of the more general diagnosis: Vitiligo."
    (stated,) = targets(Release.R4, "snomed-ct")["subtype.universal"].values()
    assert "comment" not in stated
