"""The residue is complete: what any system wrote is in the case or is named, leaf by leaf; nothing is changed and nothing breaks."""

from __future__ import annotations

import bz2
import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_vitiligo.case.io import dump_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.errors import FhirVitiligoError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.back import cases_from_fhir, from_fhir
from fhir_vitiligo.mapping.mapper import Mapper
from fhir_vitiligo.mapping.residue import Residue
from tests.properties import foreign, laws
from tests.properties.mutation import leaves, marker, mutated, replaced, seen
from tests.properties.strategies import cases

FOREIGN: dict[str, Callable[[], Any]] = {
    "R4 searchset": foreign.r4_searchset,
    "R4 treatments": foreign.r4_treatments,
    "R5 collection": foreign.r5_collection,
    "a single Condition": foreign.single_condition,
}


def exact(document: Any) -> Any:
    """The document as it would have been read from text: with exact decimals."""
    return json.loads(json.dumps(document))


def everything(document: Any) -> tuple[list[Case], list[Residue]]:
    """All cases of a document and all their residue: a change of a reference may make two cases of one."""
    found = list(cases_from_fhir(document))
    return [case for case, _ in found], [one for _, residue in found for one in residue]


def lost(document: Any, places: list[tuple[tuple[str | int, ...], Any]]) -> list[str]:
    """The places whose value, when it is another, is seen neither in the cases nor in the residue."""
    unseen = []
    plain = [dump_case(case) for case in everything(document)[0]], everything(document)[1]
    for number, (path, value) in enumerate(places):
        mark = marker(value, number)
        found, residue = everything(replaced(document, path, mark))
        if isinstance(value, bool):
            there = ([dump_case(case) for case in found], residue) != plain
        else:
            there = any(seen(mark, case, residue) for case in found)
        if not there:
            unseen.append("/".join(map(str, path)))
    return unseen


@pytest.mark.parametrize("name", FOREIGN)
def test_every_leaf_of_a_foreign_bundle_is_carried_or_named(name: str) -> None:
    document = exact(FOREIGN[name]())
    places = list(leaves(document))
    assert lost(document, places) == []


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_bundles_make_a_case_and_leave_what_is_not_about_vitiligo(name: str) -> None:
    case, residue = from_fhir(exact(FOREIGN[name]()))
    assert case.diagnoses, "the diagnosis is recognised"
    assert residue
    assert all(one.expression and one.resource and one.value is not None for one in residue)
    named = [(one.resource, one.expression) for one in residue]
    assert len(set(named)) == len(named), "a leaf is named twice"


@pytest.mark.parametrize("release", laws.RELEASES)
def test_every_leaf_of_what_we_wrote_is_carried_or_named_when_it_is_changed(release: Release) -> None:
    source = random.Random(release.value)

    @settings(max_examples=12)
    @given(cases(), st.sampled_from(laws.BUNDLE_TYPES))
    def law(case: Case, kind: Any) -> None:
        document = exact(Mapper(release).to_fhir(case, type=kind))
        places = list(leaves(document))
        assert lost(document, source.sample(places, min(20, len(places)))) == []

    law()


def test_every_leaf_of_a_synthea_bundle_is_carried_or_named(synthea_dir: Path) -> None:
    # A patient's Bundle holds a hundred thousand leaves: a sample of the resources with the patient, and of their leaves.
    source = random.Random(3)
    files = sorted(synthea_dir.rglob("*.json.bz2"))
    assert files, "no Bundles there"
    for file in source.sample(files, 3):
        whole = json.loads(bz2.decompress(file.read_bytes()))
        first, *rest = whole["entry"]
        document = {**whole, "entry": [first, *source.sample(rest, min(40, len(rest)))]}
        places = list(leaves(document))
        assert lost(document, source.sample(places, min(60, len(places)))) == []


@settings(max_examples=100)
@given(st.sampled_from(sorted(FOREIGN)), st.integers(0, 2**32))
def test_every_leaf_of_a_mutated_bundle_is_carried_or_named(name: str, seed: int) -> None:
    """Also where the shapes are wrong: a resource twice, a list for an object, a part of an extension gone."""
    source = random.Random(seed)
    document = exact(FOREIGN[name]())
    if "entry" in document:
        # A few resources only, so that the changes meet one another.
        chosen = sorted(source.sample(range(len(document["entry"])), 5))
        document = {**document, "entry": [document["entry"][index] for index in chosen]}
    document = mutated(document, source)
    try:
        found, _ = everything(document)
    except FhirVitiligoError:
        return
    if found:
        places = list(leaves(document))
        assert lost(document, source.sample(places, min(8, len(places)))) == []


@settings(max_examples=250)
@given(st.sampled_from(sorted(FOREIGN)), st.integers(0, 2**32))
def test_mutated_foreign_input_never_breaks_nor_changes(name: str, seed: int) -> None:
    _withstands(exact(FOREIGN[name]()), seed)


@settings(max_examples=120)
@given(cases(), st.sampled_from(laws.RELEASES), st.integers(0, 2**32))
def test_mutated_output_of_ours_never_breaks_nor_changes(case: Case, release: Release, seed: int) -> None:
    _withstands(Mapper(release).to_fhir(case), seed)


def _withstands(document: Any, seed: int) -> None:
    """No error but one that says what is wrong; the input stays as it was; twice the same."""
    broken = mutated(document, random.Random(seed))
    kept = copy.deepcopy(broken)
    told: list[str] = []
    first: tuple[list[Case], list[Residue]] | None
    try:
        first = everything(broken)
    except FhirVitiligoError as error:
        first, told = None, [issue.text for issue in error.issues]
    assert laws.same(broken, kept)
    if first is None:
        assert all(told)
        with pytest.raises(FhirVitiligoError):
            everything(broken)
    else:
        assert laws.same(everything(broken), first)
