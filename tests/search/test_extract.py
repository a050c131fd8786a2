"""Index rows: right for a resource, and harmless for any JSON that claims to be one."""

from __future__ import annotations

import bz2
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.search.contained import Contained
from fhir_vitiligo.search.definitions import FurtherParameter
from fhir_vitiligo.search.extract import PRESENT, IndexRows, index_rows
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
        "code:patient": {("p", "Patient", "", "1-8", "http://loinc.org")},
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


def by_the_whole_resource(resource: dict[str, Any]) -> IndexRows:
    """Every parameter asked of the whole resource: what the rows have to be, whatever is remembered or left out."""
    found: IndexRows = {}
    for parameter in R4.of(resource["resourceType"]).values():
        values = [] if parameter.stored is not None else parameter.values(resource)
        if values:
            rows = {row for value in values for row in parameter.type.rows(value)}
            found[parameter] = frozenset(rows or {PRESENT})
            for companion in parameter.companions.values():
                if beside := {row for value in values for row in companion.type.rows(value)}:
                    found[companion] = frozenset(beside)
    for parameter in list(found):
        for other, pair in parameter.pairs.items():
            both = {
                (*a, *b)
                for a in found[parameter] - {PRESENT}
                for b in found.get(other, frozenset()) - {PRESENT}
            }
            if both:
                found[pair] = frozenset(both)
    return found


def check_rows(resource: dict[str, Any]) -> None:
    parameters, wanted = R4.of(resource["resourceType"]), by_the_whole_resource(resource)
    assert index_rows(resource, parameters) == wanted
    for _ in range(2):  # the second time from memory
        assert index_rows(resource, parameters, json_text.members(json.dumps(resource))) == wanted


def test_member_by_member_the_rows_are_those_of_the_whole() -> None:
    values = ("2020", {"coding": [{"code": "a"}], "reference": "Patient/1", "value": 1})
    for resource_type in ("Observation", "Patient", "Claim", "ValueSet", "Condition"):
        for element in definitions_of(Release.R4).structure(resource_type).elements[1:]:
            name = element.path.partition(".")[2]
            endings = ("Quantity", "String", "CodeableConcept", "DateTime") if "[x]" in name else ("",)
            for key in {name.replace("[x]", ending) for ending in endings if "." not in name}:
                for value in values:
                    held = [value] if isinstance(value, dict) and element.max != "1" else value
                    check_rows({"resourceType": resource_type, key: held})


def test_rows_of_a_real_data_set_are_those_of_the_whole(synthea_dir: Path) -> None:
    files = sorted(synthea_dir.glob("*.json.bz2"), key=lambda path: path.stat().st_size)[:4]
    resources = [
        entry["resource"]
        for path in files
        for entry in json.loads(bz2.decompress(path.read_bytes()))["entry"]
    ]
    assert len(resources) > 500
    for resource in resources:
        check_rows(resource)


def test_a_member_whose_name_begins_like_another_is_not_it() -> None:
    """``subscriberId`` is no choice of ``subscriber``, however much it looks like ``valueId``."""
    assert rows_of({"resourceType": "Coverage", "subscriberId": "AB9"}) == {}
    both = {"resourceType": "Coverage", "subscriberId": "AB9", "subscriber": {"reference": "Patient/5"}}
    assert rows_of(both) == {"subscriber": {("5", "Patient", "")}}


def test_values_in_several_members_are_one_set() -> None:
    """A code without anything to compare counts as there only where no other has something."""
    resource = {
        "resourceType": "Observation",
        "code": {"coding": [{}]},
        "component": [{"code": {"coding": [{"code": "a"}]}}],
    }
    assert rows_of(resource)["combo-code"] == {("", ""), ("a", "")}
    check_rows({"resourceType": "Observation", "code": "x", "component": [{"code": 3}, {"code": None}]})


INSIDE: list[Any] = [
    {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"family": "In"}],
        "managingOrganization": {"reference": "#o"},
    },
    {"resourceType": "Organization", "id": "o", "name": "Org", "partOf": {"reference": "#o"}},
    {"resourceType": "Organization", "id": "alone", "name": "Alone"},
]


def contained_rows(resource: dict[str, Any], texts: dict[str, bytes] | None = None) -> dict[str, set[Any]]:
    """By ``place.code`` of what is contained, by code of what refers to it."""
    found = index_rows(resource, R4.of(resource["resourceType"]), texts, R4.of)
    return {
        f"{one.place}.{one.parameter.key}" if isinstance(one, Contained) else one.key: set(rows)
        for one, rows in found.items()
        if isinstance(one, Contained) or any(row and row[0] == "#" for row in rows)
    }


def test_what_is_contained_and_referred_to_has_rows_of_its_own() -> None:
    resource = {
        "resourceType": "Condition",
        "contained": INSIDE,
        "subject": {"reference": "#p"},
        "recorder": {"reference": "Practitioner/x"},
    }
    found = contained_rows(resource)
    assert found == {
        "subject": {("", "", ""), ("#", "Patient", "0")},
        "patient": {("#", "Patient", "0")},
        "0.name": {("in", "In")},
        "0.family": {("in", "In")},
        "0.deceased": {("false", "")},
        "0.organization": {("", "", ""), ("#", "Organization", "1")},
        "1.name": {("org", "Org")},
        "1.partof": {("", "", ""), ("#", "Organization", "1")},
    }
    texts = {name: json.dumps(value) for name, value in resource.items()}
    assert contained_rows(resource, texts) == found
    escaped = texts | {"subject": b'{"reference":"\\u0023p"}'}
    assert contained_rows(resource, escaped) == found


@pytest.mark.parametrize(
    "contained",
    [
        {},
        "x",
        [],
        [None, 7, "x", []],
        [{"resourceType": "Patient"}],
        [{"id": "p"}],
        [{"resourceType": "Nothing", "id": "p"}],
        [{"resourceType": ["Patient"], "id": "p"}],
        [{"resourceType": "patient", "id": "p"}],
        [{"resourceType": "Patient", "id": {"p": 1}}],
    ],
)
def test_any_json_may_be_contained(contained: Any) -> None:
    resource = {"resourceType": "Condition", "contained": contained, "subject": {"reference": "#p"}}
    assert not [one for one in contained_rows(resource) if one[0].isdigit()]
    assert rows_of(resource)["subject"] == {("", "", "")}
