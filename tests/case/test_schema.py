"""The JSON Schema of the case file accepts what the reader accepts, and refuses what a schema can know to
be wrong.
"""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from fhir_vitiligo.case import yaml
from fhir_vitiligo.case.io import case_data, json_schema
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.terms import SiteTerm
from fhir_vitiligo.case.yaml import Document
from fhir_vitiligo.packaged import example_names, example_text
from fhir_vitiligo.terminology import registry
from tests.properties.strategies import cases

SCHEMA = json_schema()
CHECK = jsonschema.Draft202012Validator(SCHEMA)


def plain(value: Any) -> Any:
    """Lists for tuples: what a file holds."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def read(text: str) -> Any:
    document: Document = next(yaml.documents(text))
    return document.data


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["required"] == ["id"]


@pytest.mark.parametrize("name", example_names())
def test_every_packaged_example_fits(name: str) -> None:
    for document in yaml.documents(example_text(name)):
        assert [error.message for error in CHECK.iter_errors(document.data)] == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_every_dumped_case_fits(case: Case) -> None:
    assert [
        f"{error.json_path}: {error.message}" for error in CHECK.iter_errors(plain(case_data(case)))
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "{id: x, subject: {sex: male, age: 19 a}}",
        "{id: x, subject: {age: 19, birth_date: 2005}}",
        "{id: x, subject: {birth_date: 2005-03}}",
        "{id: x, subject: {age: {value: {value: '19', unit: a}, raw: nineteen, span: [0, 8]}}}",
        "{id: x, timepoints: [{key: t0, when: 2024-03-05}, {key: t1, when: {status: absent}}]}",
        "{id: x, timepoints: [{key: t1, when: 10-12 wk after t0}, {key: t2, when: next spring}]}",
        "{id: x, lesions: [{key: a, sites: [cheek, {site: face, side: right}], size: '>3 cm2'}]}",
        "{id: x, interventions: [{key: a, kind: topical, dose: 0.3 cc, schedule: every 2 wk for 9 mo}]}",
        "{id: x, assessments: [{key: a, instrument: VETF, total: {raw: '7, 6', status: ambiguous, "
        "candidates: [{value: 7.6, method: comma}]}}]}",
        "{id: x, identifiers: ['https://a.example|17', {system: 'https://b.example', value: 18}]}",
        "{id: x, diagnoses: [{key: a, name: {text: Vitiligo, codes: ['http://hl7.org/fhir/sid/icd-10|L80']}}]}",
        "{id: x, source: {volume: 7, title: null}}",
    ],
)
def test_plain_and_long_forms_fit(text: str) -> None:
    assert [error.message for error in CHECK.iter_errors(read(text))] == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{subject: {sex: male}}", "$"),
        ("{id: x, subjekt: {}}", "$"),
        ("{id: x, subject: {sexe: male}}", "$.subject"),
        ("{id: x, subject: {sex: m}}", "$.subject.sex"),
        ("{id: x, subject: {age: nineteen}}", "$.subject.age"),
        ("{id: x, subject: {birth_date: 5 March 2005}}", "$.subject.birth_date"),
        ("{id: x, subject: {age: {status: missing}}}", "$.subject.age"),
        ("{id: x, lesions: face}", "$.lesions"),
        ("{id: x, lesions: [{key: a b}]}", "$.lesions[0].key"),
        ("{id: x, lesions: [{sites: [face]}]}", "$.lesions[0]"),
        ("{id: x, lesions: [{key: a, koebner: maybe}]}", "$.lesions[0].koebner"),
        ("{id: x, assessments: [{key: a}]}", "$.assessments[0]"),
        ("{id: x, subject: {sex: {raw: a, span: [1]}}}", "$.subject.sex"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(text: str, place: str) -> None:
    assert place in {error.json_path for error in CHECK.iter_errors(read(text))}


def test_editors_are_offered_every_concept_by_key_and_by_name() -> None:
    offered = next(form["enum"] for form in SCHEMA["$defs"]["SiteTerm"]["anyOf"] if "enum" in form)
    for concept in registry.concepts(SiteTerm.category):
        assert {concept.key, concept.display} <= set(offered)


def test_the_fields_are_described_where_the_model_describes_them() -> None:
    described = SCHEMA["$defs"]["Subject"]["properties"]["age"]["description"]
    assert described == type(Case.model_fields["subject"].default_factory()).model_fields["age"].description  # type: ignore[call-arg,misc]
