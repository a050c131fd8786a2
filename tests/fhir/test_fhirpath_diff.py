"""``fhirpath_patch(older, difference(older, newer)) == newer``."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.fhirpath_diff import difference
from fhir_vitiligo.fhir.fhirpath_patch import fhirpath_patch
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release

EXAMPLES = Path(__file__).parents[2] / "profiles" / "examples" / "r4"
BESIDE = st.sampled_from([None, {"id": "i"}, {"extension": [{"url": "urn:x", "valueString": "y"}]}])
TEXT = st.sampled_from([None, "A", "B", "C"])


def element(value: Any, beside: Any, name: str) -> Json:
    return {key: one for key, one in ((name, value), (f"_{name}", beside)) if one is not None}


def names_of(pairs: list[tuple[Any, Any]]) -> Json:
    pairs = [pair for pair in pairs if pair != (None, None)]
    if not pairs:
        return {"text": "no name"}
    values, beside = [list(one) for one in zip(*pairs, strict=True)]
    return {"given": values, **({"_given": beside} if any(beside) else {})}


PATIENTS: st.SearchStrategy[Json] = st.builds(
    lambda gender, birth, names, deceased, contact: {
        "resourceType": "Patient",
        **element(*gender, "gender"),
        **element(*birth, "birthDate"),
        **({"name": [names_of(one) for one in names]} if names else {}),
        **deceased,
        **({"contact": contact} if contact else {}),
    },
    st.tuples(st.sampled_from([None, "male", "female"]), BESIDE),
    st.tuples(st.sampled_from([None, "1980", "1981"]), BESIDE),
    st.lists(st.lists(st.tuples(TEXT, BESIDE), min_size=1, max_size=3), max_size=2),
    st.sampled_from(
        [{}, {"deceasedBoolean": True}, {"deceasedDateTime": "2020"}, {"_deceasedBoolean": {"id": "d"}}]
    ),
    st.lists(
        st.builds(
            lambda pair, told: {**element(*pair, "gender"), "name": names_of(told)},
            st.tuples(st.sampled_from([None, "other"]), BESIDE),
            st.lists(st.tuples(TEXT, BESIDE), min_size=1, max_size=2),
        ),
        max_size=2,
    ),
)


@given(PATIENTS, PATIENTS)
def test_a_difference_makes_the_one_out_of_the_other(older: Json, newer: Json) -> None:
    assert fhirpath_patch(older, difference(older, newer, Release.R4), Release.R4) == newer


@given(PATIENTS)
def test_nothing_differs_from_itself(patient: Json) -> None:
    assert difference(patient, patient, Release.R4) == {"resourceType": "Parameters"}


def test_any_example_becomes_any_other_of_its_type() -> None:
    by_type: dict[str, list[Json]] = {}
    for path in sorted(EXAMPLES.rglob("*.json")):
        resource = json.loads_object(path.read_bytes())
        by_type.setdefault(str(resource["resourceType"]), []).append(resource)
    pairs = 0
    for resources in by_type.values():
        for older, newer in permutations(resources[:12], 2):
            assert fhirpath_patch(older, difference(older, newer, Release.R4), Release.R4) == newer
            pairs += 1
    assert pairs > 100
