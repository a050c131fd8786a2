"""A number is a number where one is meant, and where a text is meant it is what the file says, sign by sign."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from fhir_vitiligo.case.io import case_data, dump_case, read_case


@given(st.from_regex(r"[-+]?(0|[1-9]\d{0,6}|(?=\.))(\.\d{1,6})?([eE][-+]?\d{1,3})?", fullmatch=True))
@example("12E45")
@example("+4930123456")
@example(".5")
@example("-0")
@example("1E2")
@example("5e")
def test_a_plain_number_where_text_is_meant_stays_as_the_file_writes_it(written: str) -> None:
    case = read_case(
        f"id: x\nsubject:\n  ethnicity: {written}\n  identifiers: [{{system: 'urn:x', value: {written}}}]\n".encode()
    )
    subject = case_data(case)["subject"]
    assert (subject["identifiers"][0]["value"], subject["ethnicity"]) == (written, written)
    assert read_case(dump_case(case).encode()) == case


@given(st.from_regex(r"-?(0|[1-9]\d{0,6})(\.\d{1,6})?([eE][-+]?\d{1,3})?", fullmatch=True))
@example("12E45")
@example("-0")
def test_a_number_of_json_where_text_is_meant_stays_as_the_file_writes_it(written: str) -> None:
    text = f'{{"id": "x", "subject": {{"identifiers": [{{"system": "urn:x", "value": {written}}}]}}}}'
    for spaced in (text, f"# a comment sends it to the reader of YAML\n{text}"):
        assert read_case(spaced.encode()).subject.identifiers[0].value == written


def test_a_measurement_is_its_number_however_it_is_written() -> None:
    case = read_case(
        b"id: 1e5\nsubject: {age: +19}\nassessments: [{key: v, instrument: vasi, total: .5e1}]\n"
    )
    assert case.id == "1e5"
    data = case_data(case)
    assert data["subject"]["age"] == 19
    assert data["assessments"][0]["total"] == 5
    assert type(data["assessments"][0]["total"]) is Decimal
