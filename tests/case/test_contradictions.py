"""What does not go together in a case is told, and stays as it is stated."""

from __future__ import annotations

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.case import contradictions

VISITS = "timepoints: [{key: t0, when: 2023-05-03}, {key: t1, when: 12 wk after t0}]"
SCORES = "assessments: [{key: a, at: t0, instrument: t-vasi, total: 2.5}, {key: b, at: t1, instrument: t-vasi, total: 3.2}]"


def advice(text: str) -> list[str]:
    case = fv.read_case(f"id: a\n{text}\n".encode())
    assert fv.read_case(fv.dump_case(case).encode()) == case
    return [f"{issue.expression}: {issue.text}" for issue in fv.advise(case)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"{VISITS}\nsubject: {{birth_date: 2001-05-05, age: 38 a}}",
            "subject.age: the age 38 a is stated, born 2001-05-05 and the first time point 2023-05-03 make it 21 a: "
            "all are kept",
        ),
        (
            f"{VISITS}\nsubject: {{birth_date: 2001, age: 20 a}}",
            "subject.age: the age 20 a is stated, born 2001 and the first time point 2023-05-03 make it 21 or 22 a: "
            "all are kept",
        ),
        (
            f"{VISITS}\nsubject: {{birth_date: 2024}}",
            "subject.birth_date: born 2024 and the first time point 2023-05-03, which is earlier: both are kept",
        ),
        (
            "subject: {birth_date: 2999-01}",
            "subject.birth_date: born 2999-01, which is in the future: it is kept",
        ),
        (
            "subject: {phototype: 7}",
            "subject.phototype: there is no phototype 7, Fitzpatrick's are I to VI (1 to 6): it goes out as text alone",
        ),
        (
            "subject: {comorbidities: [{key: c, name: psoriasis, presence: absent, onset: 2010}]}",
            "subject.comorbidities[0].onset: what is stated to be absent has no onset: both are kept",
        ),
        (
            f"{VISITS}\ndiagnoses: [{{key: d, at: t0, name: vitiligo, onset: 2025}}]",
            "diagnoses[0].onset: the onset 2025 is after t0, 2023-05-03, when the diagnosis was made: both are kept",
        ),
        (
            "subject: {birth_date: 2001-05}\ndiagnoses: [{key: d, name: vitiligo, onset: 2001-04}]",
            "diagnoses[0].onset: the onset 2001-04 is before the birth, 2001-05: both are kept",
        ),
        (
            "lesions: [{key: l, sites: [{site: right hand, side: left}]}]",
            "lesions[0].sites[0].side: 'right hand' is not left, which is stated as its side: both are kept",
        ),
        (
            "interventions: [{key: i, kind: phototherapy, status: not-done, sessions_done: 12}]",
            "interventions[0].sessions_done: 12 sessions of what is stated not to have been done: both are kept",
        ),
        (
            "responses: [{key: r, repigmentation: 85 %, quartile: 0-25}]",
            "responses[0].quartile: repigmentation of 85 % is not within 0 to 25 %: both are kept",
        ),
        (
            f"{VISITS}\n{SCORES}\nresponses: [{{key: r, endpoint: t-vasi50, derived_from: [a, b], improvement: 20 %, "
            "endpoint_reached: false}]",
            "responses[0].improvement: an improvement of 20 % is stated, a and b give -28.0 %: both are kept",
        ),
        (
            "responses: [{key: r, endpoint: t-vasi75, improvement: 70 %, endpoint_reached: true}]",
            "responses[0].endpoint_reached: T-VASI75 is stated to be reached, by an improvement of 70 %: both are kept",
        ),
        (
            "assessments: [{key: a, instrument: dlqi, total: 3, interpretation: very-large-effect}]",
            "assessments[0].interpretation: the total 3 is small-effect (2 to 5), very-large-effect is stated: "
            "both are kept",
        ),
    ],
)
def test_two_facts_that_exclude_each_other(text: str, told: str) -> None:
    assert advice(text) == [told]


@pytest.mark.parametrize(
    "text",
    [
        f"{VISITS}\nsubject: {{birth_date: 2001-05-05, age: 21 a}}",
        f"{VISITS}\nsubject: {{birth_date: 2001, age: 22 a}}",
        f"{VISITS}\nsubject: {{birth_date: 2022-01-03, age: 16 mo}}",
        "lesions: [{key: l, sites: [{site: hand, side: left}, {site: copyright text, side: left}]}]",
        "responses: [{key: r, repigmentation: 25.5 %, quartile: 26-50}]",
        f"{VISITS}\n{SCORES}\nresponses: [{{key: r, endpoint: t-vasi50, derived_from: [a, b]}}]",
        "assessments: [{key: a, instrument: dlqi, total: 3, interpretation: small-effect}]",
        "interventions: [{key: i, kind: phototherapy, status: not-done, sessions_done: 0}]",
    ],
)
def test_what_goes_together_is_not_told(text: str) -> None:
    assert advice(text) == []


@pytest.mark.parametrize("name", fv.examples())
def test_no_example_contradicts_itself_but_where_its_source_does(name: str) -> None:
    told = [issue.expression for issue in contradictions.advise(fv.example(name))]
    assert told == (["subject.comorbidities[2].onset"] if name == "instrument-battery" else [])


def scored(instrument: str, regions: str, *names: str) -> str:
    parts = ", ".join(
        f"{{item: {item}, region: {name}, value: {value}}}"
        for name in names
        for item, value in (("vasi-hand-units", 2), ("vasi-residual-depigmentation", 50))
    )
    return f"id: a\nassessments: [{{key: a, instrument: {instrument}, {regions}components: [{parts}]}}]\n"


FIVE = ("hands", "upper-extremities", "trunk", "lower-extremities", "feet")


@pytest.mark.parametrize(
    ("instrument", "regions", "names", "total"),
    [
        ("t-vasi", "region_set: vasi-modern-6, ", ("hands",), None),
        ("t-vasi", "region_set: vasi-modern-6, ", FIVE, None),
        ("t-vasi", "region_set: vasi-modern-6, ", (*FIVE, "head-and-neck"), "6"),
        ("vasi", "region_set: vasi-original-5, ", FIVE, "5"),
        ("vasi", "region_set: vasi-original-5, ", (*FIVE, "head-and-neck"), None),
        ("t-vasi", "", ("hands",), None),
        ("t-vasi", "", FIVE, "5"),
        ("t-vasi", "", ("whole-body",), "1"),
        ("vasi", "", ("hands",), "1"),
        ("vasi", "region_set: other, ", ("hands",), "1"),
        ("f-vasi", "region_set: face, ", ("face",), "1"),
    ],
)
def test_some_regions_make_no_total_of_all(
    instrument: str, regions: str, names: tuple[str, ...], total: str | None
) -> None:
    case = fv.read_case(scored(instrument, regions, *names).encode())
    assert fv.read_case(fv.dump_case(case).encode()) == case
    found = case.assessments[0].total
    if total is not None:
        assert found is not None
        assert (str(found.value), found.status) == (
            f"{total}.0" if "." in str(found.value) else total,
            "derived",
        )
        return
    assert found is None
    (issue,) = fv.advise(case)
    assert issue.expression == "assessments[0].components"
    assert issue.text.startswith("the components are of the regions ")
    assert issue.text.endswith(
        "no total is derived; give each region, 0 where it is clear, or another region_set"
    )
    assert fv.from_fhir(fv.to_fhir(case)) == (case, [])
