"""What an author who writes a case for the first time gets wrong, and the sentence that says what would be right."""

from __future__ import annotations

import pytest

import fhir_vitiligo as fv
from fhir_vitiligo.case.quantities import Quantity
from fhir_vitiligo.case.times import Moment


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(fv.InputError) as caught:
        fv.read_case(text.encode() if isinstance(text, str) else text)
    return [str(issue) for issue in caught.value.issues]


def advice(text: str) -> list[str]:
    return [f"{issue.expression}: {issue.text}" for issue in fv.advise(fv.read_case(text.encode()))]


# Numbers


@pytest.mark.parametrize("text", ["3x4 cm", "12/15", "2 years 3 months", "1 tube of 30 g", "5 (of 10)"])
def test_the_first_of_several_numbers_is_not_taken_for_all_of_them(text: str) -> None:
    (told,) = faults(f'id: a\nlesions: [{{key: l, size: "{text}"}}]\n')
    assert told.startswith(
        f"2:26 lesions[0].size: '{text}' is more than one number, and the first alone would be wrong:"
    )
    kept = Quantity(value=3, unit=text.partition(" ")[2] or text)
    assert Quantity.model_validate(kept.model_dump()) == kept, (
        "a unit that another system wrote so comes back"
    )


@pytest.mark.parametrize(
    "text", ["400 mJ/cm2", "0.3 mL", "12 cm2", "5 10*3/uL", "30 {score}", "2 cc", "9 Punkte"]
)
def test_a_unit_of_ucum_has_its_digits(text: str) -> None:
    Quantity.model_validate(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("subject: {age: 62}", "subject.age: 62 is no time: write a unit, such as 12 mo or 19 a"),
        ("subject: {age: 3 mg}", "subject.age: 3 mg is no time: write a unit, such as 12 mo or 19 a"),
        ("subject: {age: 200 a}", "subject.age: 200 a is no age that a person has"),
        ("subject: {age: -3 a}", "subject.age: -3 a is no age that a person has"),
        (
            "responses: [{key: r, repigmentation: 75}]",
            "responses[0].repigmentation: 75 has not the unit %: write 75 % where per cent is meant",
        ),
        (
            "responses: [{key: r, repigmentation: 175 %}]",
            "responses[0].repigmentation: 175 % is not between 0 and 100 %",
        ),
        (
            "products: [{key: p, name: x, ingredients: [{name: y, strength: 0.1}]}]",
            "products[0].ingredients[0].strength: 0.1 has no unit: write one, such as 0.3 mL or 12 cm2",
        ),
    ],
)
def test_an_amount_that_cannot_be_meant_so_is_told(text: str, told: str) -> None:
    assert advice(f"id: a\n{text}\n") == [told]


@pytest.mark.parametrize("name", fv.examples())
def test_no_example_has_such_an_amount(name: str) -> None:
    assert not [
        issue.text for issue in fv.advise(fv.example(name)) if issue.code == "value" and "unit" in issue.text
    ]


# Classes, subtypes and code systems


@pytest.mark.parametrize(
    ("name", "subtype", "told"),
    [
        (
            "segmental",
            "generalized",
            "'generalized' is a subtype of mixed or non-segmental vitiligo, and the diagnosis is segmental",
        ),
        (
            "universal",
            "unisegmental",
            "'unisegmental' is a subtype of mixed or segmental vitiligo, and the diagnosis is non-segmental",
        ),
        ("mixed", "generalized", None),
        ("segmental", "mucosal", None),
        ("vitiligo", "unisegmental", None),
        ("segmental", "of my own", None),
    ],
)
def test_a_subtype_of_another_class_is_told(name: str, subtype: str, told: str | None) -> None:
    found = advice(f"id: a\ndiagnoses: [{{key: d, name: {name}, subtype: {subtype}}}]\n")
    wanted = f"diagnoses[0].subtype: {told}: both are kept and go out as they are"
    assert found == ([wanted] if told else [])


def test_a_code_system_that_no_system_knows_is_told() -> None:
    (told,) = advice(
        "id: a\ndiagnoses: [{key: d, name: {text: vitiligo, codes: [{system: ICD-10, code: L80}]}}]\n"
    )
    assert told.startswith(
        "diagnoses[0].name.codes[0]: the code system 'ICD-10' is no URI: the code is kept,"
    )
    assert "http://hl7.org/fhir/sid/icd-10" in told
    assert not advice("id: a\ndiagnoses: [{key: d, name: {codes: ['http://hl7.org/fhir/sid/icd-10|L80']}}]\n")


# Dates, names, places


@pytest.mark.parametrize(
    "text",
    [
        *("05.01.2024", "12/03/2024", "2024/01/05", "2024-1-5", "20240105", "1/5/24", "2024-01-05 10:30"),
        *("12/2020", "2010-2012", "2010 to 2012", "2023-05-10/2023-05-12", "2020-12/2021-01"),
    ],
)
def test_what_looks_like_a_date_is_kept_as_words_and_told(text: str) -> None:
    moment = Moment.model_validate(text)
    assert moment.text == text
    assert Moment.model_validate(moment.model_dump()) == moment
    (told,) = advice(f'id: a\ntimepoints: [{{key: t, when: "{text}"}}]\n')
    assert "stands as words, not as a date: write one date, as precise as is known" in told


@pytest.mark.parametrize("text", ["t", "at t"])
def test_a_time_point_in_words_is_told(text: str) -> None:
    (told,) = advice(f"id: a\ntimepoints: [{{key: t}}]\nphotographs: [{{key: p, date: {text}}}]\n")
    assert told == f"photographs[0].date: {text!r} stands as words, not as that time point: write 0 d after t"


def test_prior_to_is_before() -> None:
    assert Moment.model_validate("2 mo prior to t0") == Moment.model_validate("2 mo before t0")


@pytest.mark.parametrize("key", ["e1", "E2", "e10", "id.e5"])
def test_a_key_that_is_nearly_a_number_is_a_key(key: str) -> None:
    case = fv.read_case(f"id: {key}\nevents: [{{key: {key}, name: erythema}}]\n".encode())
    assert (case.id, case.events[0].key) == (key, key)
    assert fv.read_case(fv.dump_case(case).encode()) == case


@pytest.mark.parametrize("text", ["2024-01-05", "10-19 a", "19 a", "in January", "1 mo before t"])
def test_other_moments_are_not(text: str) -> None:
    assert advice(f"id: a\ntimepoints: [{{key: t}}]\nphotographs: [{{key: p, date: {text}}}]\n") == []


def test_a_mistyped_instrument_is_told_and_goes_out_as_written() -> None:
    text = "id: a\nassessments: [{key: s, instrument: VAZI, total: 5}, {key: t, instrument: Clinical look}]\n"
    (told,) = advice(text)
    assert told.startswith("assessments[0].instrument: 'VAZI' is not known and goes out as text alone: is ")
    assert "'vasi'" in told
    (entry,) = [
        entry["resource"]
        for entry in fv.to_fhir(fv.read_case(text.encode()))["entry"]
        if entry["resource"].get("code") == {"text": "VAZI"}
    ]
    assert entry["resourceType"] == "Observation"


def test_a_span_beyond_the_text_is_told() -> None:
    text = "id: a\nsource: {text: A woman of 62.}\nsubject: {age: {value: 62 a, span: [5, 900]}}\n"
    assert advice(text) == [
        "subject.age.span: the span [5, 900] leads beyond the source's text, which has 14 characters"
    ]


def test_a_phototype_may_be_a_number() -> None:
    assert fv.read_case(b"id: a\nsubject: {phototype: 3}\n") == fv.read_case(
        b'id: a\nsubject: {phototype: "3"}\n'
    )


# Faults


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id: a\nsubject:\n", "2:9 subject: nothing stands here: leave the field out"),
        (
            "id: a\ndeidentified: true\n",
            "2:15 deidentified: true is not allowed here: write 'anonymised' or 'pseudonymised'",
        ),
        ("id: a\nsynthetic: maybe\n", "2:12 synthetic: 'maybe' is neither true nor false"),
        (
            "id: a\ndiagnoses: segmental\n",
            "2:12 diagnoses: a list is expected here, found 'segmental': a list of one is [...]",
        ),
        (
            "id: a\ndiagnoses: [segmental]\n",
            "2:13 diagnoses[0]: a mapping is expected here, found 'segmental': write {key: ..., name: ...}",
        ),
        (
            "id: a\ndiagnoses: {key: v}\n",
            "2:12 diagnoses: a list is expected here, found a mapping: begin each item with a hyphen and a space",
        ),
        (
            "id: a\ndiagnoses: [{name: segmental}]\n",
            "2:13 diagnoses[0]: 'key' is missing: a name of your own for it, such as key: a1",
        ),
        (
            "id: a\nphotographs: [{key: p, sha1: abc}]\n",
            "2:30 photographs[0].sha1: 'abc' does not fit here: SHA-1 of the file, 40 hexadecimal digits",
        ),
        (
            "id: a\nassessments: [{key: s, instrument: VASI, total: 3,5}]\n",
            "2:52 assessments[0].5: there is no field '5' here: a comma within { } begins a new field; write 3.5 with a "
            "point, or quotes",
        ),
    ],
)
def test_a_fault_says_what_would_be_right(text: str, told: str) -> None:
    assert faults(text) == [told]


def test_a_misspelt_list_is_one_fault() -> None:
    text = "id: a\ntimepoint: [{key: t0}]\nlesions: [{key: l, at: t0}, {key: m, at: t1}]\n"
    assert faults(text) == [
        "2:12 timepoint: there is no field 'timepoint' here: did you mean 'timepoints'?",
        "3:42 lesions[1].at: there is no 't1' among the timepoints (there: t0)",
    ]


# Texts that are no YAML


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id: a\nsubject:\n\tsex: male\n", "3:1: not valid YAML: a tab stands here: indent with spaces"),
        (
            "id: a\nsource:\n  title: Vitiligo: a case\n",
            '3:18: not valid YAML: a text with a colon and a space has to stand in quotation marks: title: "Vitiligo: a case"',
        ),
        ("id: a\nsource: {title: %12}\n", "2:17: not valid YAML: a value that begins with % has to stand in quotation marks"),
        ('id: a\nsource: {title: "A case}\n', "2:17: not valid YAML: the quotation mark that opens here is never closed"),
        (
            "id: a\nsubject: {sex: male\nlesions: []\n",
            "3:8: not valid YAML: the { of line 2 lacks its } or a comma before this; a text with a comma or a colon has to "
            "stand in quotation marks",
        ),
        (
            "id: a\nsubject:\n  sex: male\n   age: 3 a\n",
            "4:7: not valid YAML: this line is indented unlike those it belongs with, or the line before lacks its colon",
        ),
        ('{"id": "a", "subject" {}}', "1:23: not valid JSON: the { of line 1 lacks its } or a comma before this; a text with "
         "a comma or a colon has to stand in quotation marks"),
        ("id: é\n".encode("latin-1"), "1:5: not UTF-8: byte 0xe9; save the file as UTF-8"),
        ("id: a\n".encode("utf-16"), "the file is UTF-16: save it as UTF-8"),
        (b"PK\x03\x04\xff", "this is a zip file, as Word and Excel write them: a case is plain text (YAML or JSON)"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_yaml_is_told_as_its_author_would_say_it(text: str | bytes, told: str) -> None:
    assert faults(text) == [told]


# What cannot all be so


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        ("2024-01-01", "2023-01-01", True),
        ("2024-01-01", "2024-01-01", False),
        ("2024", "2024-01-01", False),
        ("2024-02", "2024-01-31", True),
        ("2024-01-02T00:30:00+09:00", "2024-01-01T20:00:00Z", False),
        ("2024-01-02T00:30:00Z", "2024-01-01T20:00:00Z", True),
        ("2024-01-02T00:30:00+09:00", "2024-01-01", False),
        ("3 mo before t", "2020", False),
    ],
)
def test_an_end_before_its_start_is_a_fault(start: str, end: str, wrong: bool) -> None:
    head = "id: a\ntimepoints: [{key: t}]\n"
    treatment = f"{head}interventions: [{{key: i, kind: laser, start: '{start}', end: '{end}'}}]\n"
    disease = f"{head}diagnoses: [{{key: d, name: vitiligo, status: resolved, onset: '{start}', abatement: '{end}'}}]\n"
    if wrong:
        assert f"the end {end} is before the start {start}" in faults(treatment)[0]
        assert f"the abatement {end} is before the onset {start}" in faults(disease)[0]
    else:
        assert advice(treatment) == []
        assert advice(disease) == []


@pytest.mark.parametrize(
    ("instruments", "endpoint", "why"),
    [
        (("T-VASI", "T-VASI"), "t-vasi50", None),
        (("VASI", "VASI"), "vasi50", None),
        (("F-VASI", "DLQI"), "t-vasi50", "'a' is a F-VASI, no T-VASI"),
        (("T-VASI", "DLQI"), "t-vasi50", "'b' is a DLQI, no T-VASI"),
        (("F-VASI", "F-VASI (FTU)"), "f-vasi50", "'b' is a"),
        (("T-VASI", "VASI"), "vasi50", "'a' and 'b' are not of one form"),
    ],
)
def test_an_endpoint_is_only_derived_of_its_own_score(
    instruments: tuple[str, str], endpoint: str, why: str | None
) -> None:
    first, second = instruments
    text = (
        f"id: c\nassessments: [{{key: a, instrument: {first}, total: 2}}, {{key: b, instrument: {second}, total: 1}}]\n"
        f"responses: [{{key: r, endpoint: {endpoint}, derived_from: [a, b]}}]\n"
    )
    (response,) = fv.read_case(text.encode()).responses
    assert (response.improvement is None) is (why is not None)
    assert (response.endpoint_reached is None) is (why is not None)
    told = [one for one in advice(text) if one.startswith("responses[0]")]
    assert len(told) == (why is not None)
    assert all(one.startswith(f"responses[0].derived_from: {why}") for one in told)


@pytest.mark.parametrize("name", ["none", "keine Nebenwirkungen", "no adverse events", "No side effects."])
def test_an_event_that_is_none_is_told(name: str) -> None:
    (told,) = advice(f"id: a\nevents: [{{key: e, name: {name}}}]\n")
    assert "stands as an event that happened" in told
    assert "presence: absent" in told
    assert advice(f"id: a\nevents: [{{key: e, name: {name}, presence: absent}}]\n") == []
    assert advice("id: a\nevents: [{key: e, name: none-like rash}]\n") == []
