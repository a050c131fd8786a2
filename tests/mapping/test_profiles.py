"""What each resource declares in ``meta.profile``: one profile of the project's, the most specific that its item allows."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

import fhir_vitiligo
from fhir_vitiligo.case.model import Case, Subject
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles
from fhir_vitiligo.mapping.back import from_fhir
from fhir_vitiligo.mapping.mapper import BundleType, Mapper
from fhir_vitiligo.mapping.parts import declared_profiles, kinds
from fhir_vitiligo.terminology import registry
from tests.properties.laws import BUNDLE_TYPES
from tests.properties.strategies import cases

Json = dict[str, Any]
OWN = "https://w3id.org/fhir-vitiligo/StructureDefinition/"


def _declared(resource: Json) -> str:
    (url,) = resource["meta"]["profile"]
    assert url.startswith(OWN)
    return str(url.removeprefix(OWN))


def _all(case: Case, release: Release, kind: BundleType) -> Iterator[tuple[str, str]]:
    """(resource type, profile) of the Bundle and of every resource in it."""
    bundle = Mapper(release).to_fhir(case, type=kind)
    for resource in (bundle, *(entry["resource"] for entry in bundle["entry"])):
        yield resource["resourceType"], _declared(resource)


def _one(content: Json, resource_type: str) -> str:
    """The profile of the first resource of a type that a small case makes."""
    case = Case.model_validate({"id": "c", "subject": Subject(), **content})
    return next(
        _declared(resource)
        for resource in Mapper().resources(case)
        if resource["resourceType"] == resource_type
    )


def _every_choice() -> Case:
    """One item for each concept by which a profile is chosen, and one of which nothing more is known."""

    def items(category: str, **more: str) -> list[Json]:
        named = "instrument" if category == "instrument" else "name"
        return [{"key": one.key, named: one.key, **more} for one in registry.concepts(category)]

    content = {
        "assessments": items("instrument"),
        "products": items("drug"),
        "responses": [{"key": "words", "text": "good"}],
        "interventions": [
            *items("procedure", kind="other"),
            {"key": "make-up", "kind": "camouflage", "product": registry.concepts("drug")[0].key},
        ],
    }
    return Case.model_validate({"id": "every-choice", "subject": {}, **content})


def test_everything_we_write_declares_a_profile_that_is_listed_and_every_listed_one_is_declared() -> None:
    seen: dict[str, set[str]] = {}

    def look(case: Case) -> None:
        for release in (Release.R4, Release.R5):
            for kind in BUNDLE_TYPES:
                for resource_type, profile in _all(case, release, kind):
                    seen.setdefault(profile, set()).add(resource_type)

    look(_every_choice())
    for name in fhir_vitiligo.examples():
        look(fhir_vitiligo.example(name))
    slowly = settings(max_examples=100, database=None, suppress_health_check=[HealthCheck.too_slow])
    seed(1)(slowly(given(cases())(look)))()
    assert seen.keys() == declared_profiles()
    several = {profile: types for profile, types in seen.items() if len(types) > 1}
    assert several == {}, "a profile is of one resource type"


@pytest.mark.parametrize("release", Release)
def test_each_release_declares_the_same_but_for_the_source(release: Release) -> None:
    parts = [part for kind in kinds(release).values() for part in (*kind.main, *kind.further)]
    declared = {identity for part in parts for identity in profiles.ids(part.part.profile)}
    absent = "vitiligo-source" if release is Release.R5 else "vitiligo-citation"
    of_bundles = {*profiles.BUNDLES.values(), profiles.COMPOSITION}
    assert declared == declared_profiles() - of_bundles - {absent}


@pytest.mark.parametrize(
    ("instrument", "profile"),
    [
        ("vetf", "vitiligo-vetf"),
        ("vetfa", "vitiligo-vetf"),
        ("t-vasi", "vitiligo-vasi"),
        ("f-vasi", "vitiligo-f-vasi"),
        ("f-vasi-ftu", "vitiligo-f-vasi-ftu"),
        ("sa-ves", "vitiligo-ves"),
        ("cdlqi", "vitiligo-dlqi"),
        ("skindex-16", "vitiligo-score"),
        ("our own index", "vitiligo-score"),
        ({"status": "ambiguous", "raw": "VASI?"}, "vitiligo-score"),
    ],
)
def test_a_score_declares_the_profile_of_its_instrument(instrument: Any, profile: str) -> None:
    content = {"assessments": [{"key": "a", "instrument": instrument}]}
    assert _one(content, "Observation") == profile


@pytest.mark.parametrize(
    ("product", "profile"),
    [
        ({"name": "CM-WJMSCs"}, "vitiligo-cell-derived-product"),
        ({"name": "serum", "ingredients": [{"name": "water"}, {"name": "exosomes"}]}, "vitiligo-cell-derived-product"),
        ({"name": "tacrolimus", "licence": "unlicensed"}, "vitiligo-product"),
    ],
)  # fmt: skip
def test_what_is_made_of_cells_declares_so(product: Json, profile: str) -> None:
    assert _one({"products": [{"key": "p", **product}]}, "Medication") == profile


@pytest.mark.parametrize(
    ("intervention", "resource_type", "profile"),
    [
        ({"kind": "topical"}, "MedicationStatement", "vitiligo-topical-medication"),
        ({"kind": "systemic"}, "MedicationStatement", "vitiligo-systemic-medication"),
        ({"kind": "camouflage", "product": "p"}, "MedicationStatement", "vitiligo-medication"),
        ({"kind": "procedure", "name": "microneedling"}, "Procedure", "vitiligo-microneedling"),
        ({"kind": "phototherapy", "name": "home nb-uvb"}, "Procedure", "vitiligo-phototherapy"),
        ({"kind": "surgery", "name": "punch graft"}, "Procedure", "vitiligo-grafting"),
        ({"kind": "laser", "name": "excimer-laser"}, "Procedure", "vitiligo-procedure"),
        ({"kind": "phototherapy"}, "Procedure", "vitiligo-procedure"),
    ],
)
def test_a_treatment_declares_what_was_done(intervention: Json, resource_type: str, profile: str) -> None:
    content = {"products": [{"key": "p", "name": "cream"}], "interventions": [{"key": "i", **intervention}]}
    assert _one(content, resource_type) == profile


@pytest.mark.parametrize(
    ("response", "profile"),
    [
        ({"repigmentation": "80 %"}, "vitiligo-repigmentation"),
        ({"quartile": "26-50"}, "vitiligo-repigmentation"),
        ({"text": "good"}, "vitiligo-response"),
        ({"repigmentation": {"status": "absent"}, "trend": "improved"}, "vitiligo-response"),
    ],
)
def test_a_response_with_a_measure_of_repigmentation_declares_so(response: Json, profile: str) -> None:
    assert _one({"responses": [{"key": "r", **response}]}, "Observation") == profile


def test_presence_decides_between_what_is_and_what_is_not() -> None:
    for presence, suffix in (("present", ""), ("absent", "-absent")):
        comorbidity = {"key": "t", "name": "thyroid disease", "presence": presence}
        member = {"key": "m", "relation": "mother", "presence": presence}
        subject = {"subject": {"comorbidities": [comorbidity], "family_history": [member]}}
        event = {"events": [{"key": "e", "name": "pain", "presence": presence}]}
        assert _one(subject, "Condition") == f"vitiligo-comorbidity{suffix}"
        types = {"": ("FamilyMemberHistory", "AdverseEvent"), "-absent": ("Observation", "Observation")}[
            suffix
        ]
        assert _one(subject, types[0]) == f"vitiligo-family-history{suffix}"
        assert _one(event, types[1]) == ("vitiligo-event-absent" if suffix else "vitiligo-adverse-event")


# On the way back


@pytest.fixture(scope="module")
def case() -> Case:
    return fhir_vitiligo.example("case-report")


def _left(bundle: Json, case: Case) -> list[tuple[str, Any]]:
    """The residue, after the case came back all the same."""
    back, residue = from_fhir(bundle)
    assert back == case
    return [(one.expression, one.value) for one in residue if one.expression != "Bundle.timestamp"]


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize("kind", BUNDLE_TYPES)
def test_our_own_profiles_are_no_residue(case: Case, release: Release, kind: BundleType) -> None:
    assert _left(Mapper(release).to_fhir(case, type=kind), case) == []


@pytest.mark.parametrize("release", Release)
def test_a_case_whose_profiles_another_system_dropped_comes_back(case: Case, release: Release) -> None:
    bundle = Mapper(release).to_fhir(case)
    for resource in (bundle, *(entry["resource"] for entry in bundle["entry"])):
        del resource["meta"]
    assert _left(bundle, case) == []


def test_a_profile_that_another_system_added_is_named(case: Case) -> None:
    bundle = Mapper().to_fhir(case)
    patient = bundle["entry"][0]["resource"]
    for resource in (bundle, patient):
        resource["meta"]["profile"].insert(0, "http://other.test/Profile")
    assert _left(bundle, case) == [
        ("Patient.meta.profile[0]", "http://other.test/Profile"),
        ("Bundle.meta.profile[0]", "http://other.test/Profile"),
    ]


def test_a_profile_of_ours_that_would_not_be_written_there_is_named(case: Case) -> None:
    for kind in BUNDLE_TYPES:
        bundle = copy.deepcopy(Mapper().to_fhir(case, type=kind))
        wrong = OWN + profiles.BUNDLES["collection" if kind != "collection" else "document"]
        bundle["meta"]["profile"] = [wrong]
        patient = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
        patient["meta"]["profile"] = [OWN + "vitiligo-age"]
        assert _left(bundle, case) == [
            ("Patient.meta.profile[0]", OWN + "vitiligo-age"),
            ("Bundle.meta.profile[0]", wrong),
        ]
