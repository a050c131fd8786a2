"""The laws of the mapping on generated cases of the whole model, in every release and kind of Bundle."""

from __future__ import annotations

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import BundleType, Mapper
from tests.properties import laws
from tests.properties.strategies import cases

KINDS = st.sampled_from(laws.BUNDLE_TYPES)


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("release", laws.RELEASES)
def test_a_case_comes_back_from_fhir_as_it_was(release: Release, part: int) -> None:
    # Two parts, so that two cores have the same to do; each draws other cases.
    @seed(10 * laws.RELEASES.index(release) + part)
    @settings(max_examples=350)
    @given(cases(), KINDS)
    def law(case: Case, kind: BundleType) -> None:
        laws.all_laws(case, release, kind)

    law()


@settings(max_examples=350)
@given(cases())
def test_a_case_file_reads_back_as_the_case_it_was_written_from(case: Case) -> None:
    laws.file_law(case)


@settings(max_examples=60)
@given(cases())
def test_r4b_is_r4(case: Case) -> None:
    """For the resource types of a case the two releases do not differ."""
    r4, r4b = (Mapper(release).to_fhir(case) for release in (Release.R4, Release.R4B))
    assert laws.same(r4, r4b)


@settings(max_examples=60)
@given(cases())
def test_bundles_of_all_kinds_hold_the_same_resources(case: Case) -> None:
    for release in laws.RELEASES:
        transaction, collection, document = (
            Mapper(release).to_fhir(case, type=kind)["entry"] for kind in laws.BUNDLE_TYPES
        )
        assert [entry["resource"] for entry in transaction] == [entry["resource"] for entry in collection]
        assert [entry["resource"] for entry in document[1:]] == [entry["resource"] for entry in collection]
        assert document[0]["resource"]["resourceType"] == "Composition"
