"""Index rows: right for a resource, and harmless for any JSON that claims to be one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.definitions import FurtherParameter
from fhir_vitiligo.search.extract import PRESENT, index_rows
from fhir_vitiligo.search.parameters import parameters_of
from fhir_vitiligo.search.types.base import MAX_INDEXED

R4 = parameters_of(Release.R4)


def rows_of(resource: dict[str, Any]) -> dict[str, set[Any]]:
    found = index_rows(resource, R4.of(resource["resourceType"]))
    return {
        parameter.key: set(rows)
        for parameter, rows in found.items()
        if not isinstance(parameter.definition, FurtherParameter)
    }


def test_the_rows_of_an_observation() -> None:
    found = rows_of(
        {
            "resourceType": "Observation",
            "id": "o",
            "meta": {"lastUpdated": "2020-01-01T00:00:00Z", "tag": [{"system": "t", "code": "x"}]},
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "1-8"}]},
            "subject": {"reference": "Patient/p"},
            "valueQuantity": {"value": Decimal("1.50"), "system": "u", "code": "cm", "unit": "cm"},
            "component": [{"code": {"coding": [{"system": "http://loinc.org", "code": "2-6"}]}}],
        }
    )
    assert found == {
        "_tag": {("x", "t")},
        "status": {("final", "")},
        "code": {("1-8", "http://loinc.org")},
        "component-code": {("2-6", "http://loinc.org")},
        "combo-code": {("1-8", "http://loinc.org"), ("2-6", "http://loinc.org")},
        "patient": {("p", "Patient", "")},
        "subject": {("p", "Patient", "")},
        "value-quantity": {(1.5, 1.5, "u", "cm", "cm")},
        "combo-value-quantity": {(1.5, 1.5, "u", "cm", "cm")},
    }


def test_a_subject_that_is_no_patient_is_no_patient() -> None:
    found = rows_of({"resourceType": "Observation", "subject": {"reference": "Group/g"}})
    assert found == {"subject": {("g", "Group", "")}}


def test_a_value_without_anything_to_compare_still_counts_as_there() -> None:
    assert rows_of({"resourceType": "Observation", "code": {"text": "words"}})["code"] == {("", "")}
    assert rows_of({"resourceType": "Observation", "effectiveDateTime": "soon"})["date"] == {PRESENT}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["coding", "code", "system", "value", "reference", "start", "end", "event", "repeat", "low"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
elements = [
    "code",
    "subject",
    "effectiveDateTime",
    "effectivePeriod",
    "valueQuantity",
    "valueString",
    "identifier",
]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*elements, "component", "meta", "status"]), json_values))
def test_any_json_is_indexed_without_complaint(members: dict[str, Any]) -> None:
    parameters = R4.of("Observation")
    for parameter, rows in index_rows({**members, "resourceType": "Observation"}, parameters).items():
        kinds = {"text": str, "integer": int, "real": float}
        for row in rows - {PRESENT}:
            assert len(row) == len(parameter.type.columns)
            for column, value in zip(parameter.type.columns, row, strict=True):
                assert isinstance(value, kinds[column.kind] if value != 0 else (int, float, str))
                assert not isinstance(value, str) or len(value) <= MAX_INDEXED
