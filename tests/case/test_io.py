"""A case file in, a case or every fault of it out; and no file, however broken, does worse than a
sentence.
"""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

import fhir_vitiligo as fv
from fhir_vitiligo.case.advice import advise
from fhir_vitiligo.case.io import MAX_FAULTS, case_data, dump_case, read_case, read_cases
from fhir_vitiligo.case.values import Quantity
from fhir_vitiligo.errors import CaseError, FhirVitiligoError, InputError
from fhir_vitiligo.fhir import json as fhir_json
from fhir_vitiligo.packaged import example, example_names, example_text

FAULTY = b"""\
id: faulty
subject:
  sex: m
  age: nineteen
timepoints:
  - key: t0
  - key: t0
diagnoses:
  - key: sv
    at: t9
    onset: 1 mo before nowhere
    statu: active
lesions:
  - key: face
    colour: {value: white, status: absent}
assessments:
  - key: vasi
    instrument: vasi
    components: none
"""


def faults(content: bytes) -> dict[tuple[int | None, str], str]:
    with pytest.raises(CaseError) as caught:
        read_case(content)
    return {(issue.line, issue.expression): issue.text for issue in caught.value.issues}


def test_all_faults_of_a_file_come_at_once_with_line_path_and_what_would_be_right() -> None:
    found = faults(FAULTY)
    assert found[3, "subject.sex"] == (
        "'m' is not allowed here: write 'male', 'female', 'other' or 'unknown'"
    )
    assert found[4, "subject.age"].startswith(
        "'nineteen' is not a number with an optional unit, such as 5.6 or 0.3 mL"
    )
    assert found[12, "diagnoses[0].statu"] == "there is no field 'statu' here: did you mean 'status'?"
    assert "no value" in found[15, "lesions[0].colour"]
    assert found[19, "assessments[0].components"] == (
        "a list is expected here, found 'none': a list of one is [...]"
    )
    assert len(found) >= 5


def test_what_does_not_fit_together_is_told_with_its_place() -> None:
    found = faults(b"id: x\ntimepoints: [{key: t0}]\nlesions:\n  - {key: a, at: t1}\n  - {key: a}\n")
    assert any(line == 4 and "t1" in text for (line, _), text in found.items())
    assert any(line == 5 and "'a'" in text for (line, _), text in found.items())


def test_what_hangs_together_is_told_together_with_the_other_faults() -> None:
    found = faults(FAULTY)
    assert any("t9" in text for text in found.values())
    assert any("nowhere" in text for text in found.values())


@pytest.mark.parametrize("name", example_names())
def test_an_example_is_the_same_case_in_yaml_in_json_and_dumped(name: str) -> None:
    case = example(name)
    assert read_case(dump_case(case).encode()) == case
    assert read_case(fhir_json.dumps(case_data(case))) == case
    assert read_case(fhir_json.dumps_pretty(case_data(case))) == case


def test_the_quick_way_of_json_and_the_careful_one_read_the_same() -> None:
    case = example("ruxolitinib-cream")
    compact = fhir_json.dumps(case_data(case))
    # A comment is YAML and no JSON: the same text takes the careful way.
    assert read_case(b"# a comment\n" + compact) == read_case(compact) == case


def test_numbers_stay_as_written_in_both_forms() -> None:
    for content in (b"id: x\nsubject: {age: 19.50}", b'{"id": "x", "subject": {"age": 19.50}}'):
        age = read_case(content).subject.age
        assert age is not None
        assert age.value is not None
        assert str(age.value.value) == "19.50"
        assert isinstance(age.value.value, Decimal)


def test_null_and_nothing_are_nothing_and_words_are_words() -> None:
    content = b"id: x\nsource:\n  title: null\n  journal: ~\n  volume:\n  issue: 'null'\n  pages: 7\n"
    source = read_case(content).source
    assert source is not None
    assert (source.title, source.journal, source.volume) == (None, None, None)
    assert source.issue is not None
    assert source.pages is not None
    assert (source.issue.value, source.pages.value) == ("null", "7")


def test_several_documents_are_several_cases_and_a_bad_one_stops_no_other() -> None:
    found = list(read_cases(b"id: a\n---\nid: b\nsubject: {sex: m}\n---\nid: c\n"))
    assert [getattr(one, "id", type(one)) for one in found] == ["a", CaseError, "c"]
    assert isinstance(found[1], CaseError)
    assert found[1].issues[0].line == 4


def test_one_case_is_wanted_where_one_is_wanted() -> None:
    with pytest.raises(InputError, match="2 cases where one was expected: read_cases takes those"):
        read_case(b"id: a\n---\nid: b\n")


def test_a_path_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"id: x\nsubject: {sex: m}\n")
    with pytest.raises(CaseError) as caught:
        read_case(path)
    assert str(caught.value).startswith(f"{path}:2:16 subject.sex: 'm' is not allowed here")
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        read_case(tmp_path / "nix.yaml")


def test_fhir_is_told_from_a_case() -> None:
    assert faults(b'{"resourceType": "Bundle", "type": "collection"}') == {
        (1, ""): "this is FHIR ('Bundle'), not a case: use from-fhir"
    }


def _bomb() -> bytes:
    lines = [b"a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for one, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{one}: &{one} [{', '.join(['*' + before] * 10)}]".encode())
    return b"\n".join(lines)


HOSTILE = {
    "alias bomb": (_bomb(), "more than 500000 values, aliases followed: no case is that large"),
    "deep YAML": (
        b"id: x\nlesions: " + b"[" * 5000 + b"]" * 5000,
        "nested more than 60 deep: no case is that deep",
    ),
    "deep JSON": (
        b'{"id":"x","lesions":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "nested more than 60 deep",
    ),
    "deep block": (b"\n".join(b" " * i + b"a:" for i in range(2000)), "nested more than 60 deep"),
    "UTF-16": ("id: x\n".encode("utf-16"), "the file is UTF-16: save it as UTF-8"),
    "Latin-1": ("id: é\n".encode("latin-1"), "not UTF-8: byte 0xe9; save the file as UTF-8"),
    "any bytes": (bytes(range(1, 256)), "not"),
    "NUL": (b"\x00\x00", "not valid YAML: control characters are not allowed"),
    "huge number": (
        b"id: x\nsubject: {age: 1e999999999}",
        "more than 17 digits before or behind the point is not a measurement",
    ),
    "huge number, JSON": (
        b'{"id":"x","subject":{"age":1e999999999}}',
        "more than 17 digits before or behind the point is not a measurement",
    ),
    "huge integer": (
        b"id: x\nsubject: {age: " + b"9" * 100_000 + b"}",
        "more than 17 digits before or behind the point is not a measurement",
    ),
    "huge integer, JSON": (b'{"id":"x","subject":{"age":' + b"9" * 100_000 + b"}}", "is not a measurement"),
    "NaN": (b'{"id":"x","subject":{"age":NaN}}', "'NaN' is not a number"),
    "half a surrogate": (b'{"id":"x","source":{"title":"\\ud800"}}', "not valid JSON: found invalid Unicode"),
    "empty": (b"", "the file is empty: a case has at least an id"),
    "only comments": (b"\n# nothing\n\n", "the file is empty: a case has at least an id"),
    "a list": (b"- id: a\n- id: b\n", "a case is a mapping that starts with its id, found a list"),
    "a word": (b"hello\n", "a case is a mapping that starts with its id, found a single value"),
    "a key twice": (b"id: x\nid: y\n", "'id' is given twice, first on line 1: keep one"),
    "a key twice, JSON": (b'{"id":"x",\n"id":"y"}', "'id' is given twice, first on line 1: keep one"),
    "an alias into itself": (
        b"id: x\nsubject: &a {sex: *a}",
        "the alias *a stands for nothing defined before it",
    ),
    "a list as key": (b"? [a]\n: b\n", "a key is a word, not a list, a mapping or an alias"),
    "a tag that runs code": (b"id: !!python/object/apply:os.system [ls]", "should be a valid string"),
    "a text too long": (
        b"id: x\nsource: {text: " + b"a" * 200_000 + b"}",
        "a text of more than 100000 characters",
    ),
    "a control character": (
        b'id: x\nsource: {title: "a\\x07b"}',
        "the control character U+0007 at position 1",
    ),
    "not closed": (b'{"id": "x", "subject": {', "not valid JSON"),
    "a tab": (b"id: x\n\tsubject: y", "not valid YAML: found a tab character that violates indentation"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_or_broken_file_ends_in_one_sentence_quickly(kind: str) -> None:
    content, sentence = HOSTILE[kind]
    started = time.perf_counter()
    with pytest.raises(InputError) as caught:
        read_case(content)
    assert time.perf_counter() - started < 5
    assert len(caught.value.issues) == 1
    assert sentence in caught.value.issues[0].text
    assert len(str(caught.value)) < 400


def test_a_file_of_nothing_but_faults_is_not_told_to_the_end() -> None:
    content = b"id: x\n" + b"".join(b"k%d: 1\n" % i for i in range(1000))
    with pytest.raises(CaseError) as caught:
        read_case(content)
    assert len(caught.value.issues) == MAX_FAULTS + 1
    assert caught.value.issues[-1].text == f"and {1000 - MAX_FAULTS} more faults"


@pytest.mark.parametrize("name", ["case-report", "dirty-registry-row"])
def test_no_cut_of_a_file_and_no_flipped_byte_does_worse_than_an_error(name: str) -> None:
    content = example_text(name).encode()
    step = max(len(content) // 60, 1)
    for position in range(0, len(content), step):
        flipped = content[:position] + bytes([content[position] ^ 0x15]) + content[position + 1 :]
        for broken in (content[:position], flipped):
            try:
                read_case(broken)
            except FhirVitiligoError as error:
                assert all(issue.text for issue in error.issues)  # noqa: PT017 - most cuts are no case, some are


def test_json_with_faults_is_told_by_line_and_column() -> None:
    content = json.dumps({"id": "x", "subject": {"sex": "m"}}, indent=1).encode()
    assert (4, "subject.sex") in faults(content)


def test_an_unknown_concept_is_a_fault_that_names_what_there_is() -> None:
    found = faults(b"id: x\nlesions: [{key: a, colour: {concept: whit}}]\n")
    (text,) = found.values()
    assert "colour 'whit'" in text
    assert "white" in text


OUT_OF_RANGE = """
id: x
assessments:
  - key: a
    instrument: dlqi
    total: {total}
    components:
      - {{item: dlqi-1, value: {item}}}
"""


def test_a_number_that_a_verified_range_excludes_is_a_fault_of_a_file() -> None:
    with pytest.raises(CaseError) as caught:
        read_case(OUT_OF_RANGE.format(total=45, item="{value: 7, raw: '7'}").encode())
    total, item = caught.value.issues
    assert (total.expression, total.line) == ("assessments[0].total", 6)
    assert total.text == (
        "45 is outside 0 to 30, which Dermatology Life Quality Index (DLQI) does not allow; to keep what the "
        "source says as it stands, write {raw: ..., status: ambiguous}"
    )
    assert item.expression == "assessments[0].components[0].value"
    kept = OUT_OF_RANGE.format(total="{raw: '45', status: ambiguous}", item="{raw: seven, status: ambiguous}")
    assert not list(advise(read_case(kept.encode())))
    with pytest.raises(CaseError, match="outside 0 to 30"):
        read_case(b'{"id": "x", "assessments": [{"key": "a", "instrument": "dlqi", "total": 45}]}')


@pytest.mark.parametrize("release", ["r4", "r4b", "r5"])
def test_a_number_from_elsewhere_that_a_verified_range_excludes_stays_as_it_was_written(release: str) -> None:
    observation = {
        "resourceType": "Observation",
        "id": "a",
        "status": "final",
        "code": {"text": "DLQI"},
        "subject": {"reference": "Patient/1"},
        "valueInteger": 45,
        "component": [{"code": {"text": "dlqi-1"}, "valueQuantity": {"value": 7}}],
    }
    case, residue = fv.from_fhir(observation, release)
    (score,) = case.assessments
    (candidate,) = score.total.candidates
    assert (score.total.raw, score.total.status, score.total.value) == ("45", "ambiguous", None)
    assert (candidate.value, candidate.method) == (Quantity(value=45), "is outside 0 to 30")
    assert score.interpretation is None
    assert score.components[0].value.raw == "7"
    assert not [leaf for leaf in residue if "value" in leaf["expression"]]
    assert [issue.severity for issue in advise(case)] == ["warning", "warning"]
    assert read_case(dump_case(case).encode()) == case
    assert fv.from_fhir(fv.to_fhir(case, release), release) == (case, [])
    numbers = [leaf for leaf in json.dumps(fv.to_fhir(case, release), default=str).split() if leaf == "45,"]
    assert not numbers, "no number goes out that the instrument does not have"


def test_components_whose_total_a_verified_range_excludes_make_no_total() -> None:
    parts = [{"item": "vasi-hand-units", "region": region, "value": 60} for region in ("hands", "feet")]
    parts += [{**part, "item": "vasi-residual-depigmentation", "value": 100} for part in parts]
    data = {"id": "x", "assessments": [{"key": "a", "instrument": "vasi", "components": parts}]}
    case = read_case(data)
    assert case.assessments[0].total is None
    (issue,) = advise(case)
    assert "give 120" in issue.text
    assert "outside 0 to 100: no total is derived" in issue.text
    assert read_case(dump_case(case).encode()) == case


@pytest.mark.parametrize("name", example_names())
def test_an_example_is_yaml_for_every_reader(name: str) -> None:
    # libyaml is more lenient than the specification: a plain word of a flow mapping may not end in a question mark.
    assert list(yaml.load_all(example_text(name), Loader=yaml.SafeLoader))
