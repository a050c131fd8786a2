"""``explain``: every fact of a case with its element, derived from the declarations and checked against
what they write.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

import fhir_vitiligo as fv
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.table import sections
from fhir_vitiligo.case.values import Fact
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.explain import Row, explain
from fhir_vitiligo.packaged import example_names, example_text
from tests.cli.conftest import Call
from tests.properties.strategies import cases


def rows(name: str, release: str = "r4") -> dict[str, Row]:
    return {row.path: row for row in explain(fv.example(name), release)}


# What the domain notes say of the case report's facts, by the element.
ELEMENTS = {
    "subject.sex": "Patient.gender",
    "subject.age": "Observation.value",
    "timepoints.t0.when": "Encounter.period",
    "timepoints.t0.setting": "Encounter.class",
    "diagnoses.vitiligo.name": "Condition.code",
    "diagnoses.vitiligo.staged_by[0]": "Condition.stage.assessment",
    "diagnoses.vitiligo.sites[0]": "Condition.bodySite",
    "lesions.face.sites[0]": "BodyStructure.location and locationQualifier",
    "lesions.face.sites[1]": "BodyStructure.extension[further-site].extension[site]",
    "lesions.face.morphology": "BodyStructure.morphology.text",
    "assessments.vetf-follow-up.total": "Observation.value",
    "products.serum.ingredients[0].strength": "Medication.ingredient.strength",
    "interventions.microneedling.schedule": "Procedure.extension[procedure-schedule]",
    "interventions.serum-in-session.dose": "MedicationStatement.dosage.doseAndRate.dose",
    "interventions.serum-in-session.part_of": "MedicationStatement.partOf",
    "responses.repigmentation.lesions[0]": "Observation.focus",
    "events.hyperpigmentation.name": "Observation.code",
    "source.doi": "DocumentReference.masterIdentifier",
}


@pytest.mark.parametrize("path", ELEMENTS)
def test_a_fact_of_the_case_report_is_told_with_its_element(path: str) -> None:
    assert [str(target) for target in rows("case-report")[path].targets] == [ELEMENTS[path]]


def test_an_item_of_which_nothing_is_said_is_told_with_the_resource_that_it_makes() -> None:
    bare = {
        name: [{"key": "a"}] for name in ("timepoints", "diagnoses", "lesions", "responses", "photographs")
    }
    case = fv.read_case({"id": "x", **bare})
    found = {row.path: [str(target) for target in row.targets] for row in explain(case)}
    assert found.pop("id")
    assert found == {
        "timepoints.a": ["Encounter"],
        "diagnoses.a": ["Condition"],
        "lesions.a": ["BodyStructure"],
        "responses.a": ["Observation"],
        "photographs.a": ["DocumentReference"],
    }


def test_what_a_release_moves_is_told_as_that_release_has_it() -> None:
    found = rows("case-report", "r5")
    (schedule,) = found["interventions.microneedling.schedule"].targets
    assert str(schedule).startswith("Procedure.occurrence")
    (site,) = found["lesions.face.sites[0]"].targets
    assert str(site) == "BodyStructure.includedStructure"


def test_codes_are_told_with_their_system() -> None:
    codes = [
        code for target in rows("case-report")["diagnoses.vitiligo.name"].targets for code in target.codes
    ]
    assert "SNOMED CT 403268000 (Segmental vitiligo (disorder))" in codes


def test_how_a_fact_was_read_is_told() -> None:
    found = rows("case-report")
    assert "ambiguous" in found["assessments.vetf-t0.total"].reading
    assert "may mean 7.6" in found["assessments.vetf-t0.total"].reading
    assert "written as '0.3 cc'" in found["interventions.serum-in-session.dose"].reading
    assert found["assessments.vetf-follow-up.total"].reading == ""


def test_what_goes_nowhere_is_told_with_the_reason() -> None:
    found = rows("case-report")
    assert found["subject.birth_date"].why_not == "there is no value: unknown"
    assert "as written" in found["assessments.vetf-t0.total"].why_not
    reasons = {row.value: row.why_not for path, row in found.items() if path.startswith("statements")}
    assert {statement.text: statement.reason for statement in fv.example().statements} == reasons


@pytest.mark.parametrize("release", list(Release))
@pytest.mark.parametrize("name", example_names())
def test_every_fact_of_an_example_has_its_element(name: str, release: Release) -> None:
    found = list(explain(fv.example(name), release))
    assert [row.path for row in found if not row.targets and not row.why_not] == []


@pytest.mark.parametrize("name", example_names())
def test_the_resources_are_those_that_are_written(name: str) -> None:
    case = fv.example(name)
    written = {entry["resource"]["resourceType"] for entry in fv.to_fhir(case)["entry"]}
    assert {target.resource for row in explain(case) for target in row.targets} <= written


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_every_stated_fact_of_any_case_has_its_element(case: Case) -> None:
    stated = {
        section.path_of(entry)
        for section in sections(case)
        for entry in section.entries
        if isinstance(entry.value, Fact) and entry.value.value is not None
    }
    for release in Release:
        found = {row.path: row.targets for row in explain(case, release)}
        assert {path for path in stated if not found[path]} == set()


def test_a_time_that_is_the_visits_too_has_its_element() -> None:
    case = fv.read_case(
        b"id: a\ntimepoints: [{key: v, when: {value: '2001', raw: x}}]\n"
        b"responses: [{key: r, at: v, date: '2001', text: y}]\n"
    )
    for release in Release:
        found = {row.path: [str(target) for target in row.targets] for row in explain(case, release)}
        assert found["responses.r.date"] == ["Observation.effective"]


def test_explain_prints_a_section_for_each_item_and_the_ledger_last(call: Call) -> None:
    text = call("explain", "-", stdin=example_text("case-report").encode()).stdout
    assert text.startswith("chandra-2024 in FHIR R4\n")
    assert "\nDiagnosis vitiligo -> Condition (Vitiligo)\n" in text
    assert "\nEvent hyperpigmentation -> Observation (Adverse event, absent)\n" in text
    ledger = text.partition("\nWhy not\n")[2]
    assert "subject.birth_date" in ledger
    assert "Views: 86, Downloads: 34" in ledger
    assert max(map(len, text.splitlines())) <= 100


def test_explain_is_data_too(call: Call) -> None:
    text = call(
        "explain", "-", "--format", "json", "--release", "r5", stdin=example_text("relapse").encode()
    ).stdout
    found = json.loads(text.encode())
    assert found["case"] == "synthetic-relapse"
    assert {"path": "subject.sex", "value": "female"}.items() <= next(
        row for row in found["rows"] if row["path"] == "subject.sex"
    ).items() or {"value": "male"}.items() <= next(
        row for row in found["rows"] if row["path"] == "subject.sex"
    ).items()


def test_a_bad_case_is_told_and_the_next_explained(call: Call) -> None:
    result = call("explain", "-", stdin=b"id: a\nsubject: {sex: m}\n---\nid: b\n", status=1)
    assert "error: <stdin>:2:16 subject.sex" in result.stderr
    assert result.stdout.startswith("b in FHIR R4")
