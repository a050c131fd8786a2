"""The text a resource was read from: every fault of its writing, and where each element stands."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.json_reader import MAX_FAULTS
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import fhirpath
from fhir_vitiligo.fhir.source import format_of, parse, stated_release

TEXT = """{
  "resourceType": "Bundle",
  "type": "collection",
  "entry": [
    {"fullUrl": "a"},
    {
      "resource": {
        "resourceType": "Patient",
        "name": [{"given": ["Ann", "é", "X"], "_given": [null, {"extension": [{"url": "u"}]}, null], "family": "B"}],
        "birthDate": "1970",
        "_birthDate": {"extension": [{"url": "é", "valueDateTime": "x"}]},
        "_gender": {"id": "g"},
        "multipleBirthInteger": 2,
        "contact": [{}, {"name": {"text": "T"}}]
      }
    }
  ]
}"""


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("Bundle", "{"),
        ("Bundle.type", '"collection"'),
        ("Bundle.entry", '"entry"'),
        ("Bundle.entry[0]", '{"fullUrl"'),
        ("Bundle.entry[0].fullUrl", '"a"'),
        ("Bundle.entry[1].resource", '"resource"'),
        ("Bundle.entry[1].resource.name[0].given[1]", '"é"'),
        ("Bundle.entry[1].resource.name.given[2]", '"X"'),
        ("Bundle.entry[1].resource.name[0].given[1].extension[0].url", '"u"'),
        ("Bundle.entry[1].resource.name[0].family", '"B"'),
        ("Bundle.entry[1].resource.birthDate", '"1970"'),
        ("Bundle.entry[1].resource.birthDate.extension[0].value.ofType(dateTime)", '"x"'),
        ("Bundle.entry[1].resource.gender", '"_gender"'),
        ("Bundle.entry[1].resource.multipleBirth.ofType(integer)", "2,"),
        ("Bundle.entry[1].resource.multipleBirth", "2,"),
        ("Bundle.entry[1].resource.contact[1].name.text", '"T"'),
        ("Bundle.entry[1].resource/*Patient/x*/.contact[0]", "{}"),
        # What is not there is placed where it should have been.
        ("Bundle.entry[1].resource.contact[1].telecom[0].value", '{"name"'),
        ("Bundle.entry[9].resource", '"entry"'),
        ("Bundle.nix", "{"),
        ("", "{"),
    ],
)
def test_an_expression_leads_to_line_and_column(expression: str, shown: str) -> None:
    document = parse(TEXT.encode())
    line, column = document.locate(expression)
    assert TEXT.splitlines()[line - 1][column - 1 :].startswith(shown)


def test_every_member_of_a_resource_is_found() -> None:
    document = parse(TEXT.encode())
    lines = TEXT.splitlines()

    def walk(value: Any, path: str) -> int:
        if isinstance(value, dict):
            return sum(walk(item, f"{path}.{key}") for key, item in value.items() if key[0] != "_")
        if isinstance(value, list):
            return sum(walk(item, f"{path}[{number}]") for number, item in enumerate(value))
        line, column = document.locate(path)
        assert lines[line - 1][column - 1 :].startswith(json.dumps(value).decode())
        return 1

    assert walk(document.resource, "Bundle") == 11


def test_an_issue_about_a_member_without_a_path_is_placed_at_the_member() -> None:
    document = parse(b'{"resourceType": "Patient",\n "nix": 1}', name="a.json")
    issue = Issue("error", "structure", "Patient", "`nix` is not an element of Patient.", rule="unknown")
    placed = document.placed(issue)
    assert (placed.source, placed.line, placed.column) == ("a.json", 2, 2)
    assert str(document.snippet(2, 2)) == '"nix": 1}\n^'


def test_lines_of_ndjson_keep_the_line_of_the_file() -> None:
    document = parse(b'{"resourceType": "Patient", "a": 1,}', name="x.ndjson", first_line=7)
    assert [(issue.source, issue.line, issue.column) for issue in document.issues] == [("x.ndjson", 7, 35)]
    assert document.locate("Patient.a") == (7, 34)
    assert str(document.snippet(7, 35)).startswith('{"resourceType"')


def test_a_document_of_several_resources_is_searched_by_number() -> None:
    document = parse(b'[{"a": 1},\n {"a": 2}]')
    assert document.locate("Patient.a", entry=1) == (2, 8)


@pytest.mark.parametrize("before", [b"// x\n", b"/* x\n */ ", b"\xef\xbb\xbf\n"])
def test_what_stands_before_a_document_that_is_not_json_moves_no_place(before: bytes) -> None:
    document = parse(before + b'[{"a": 1,},\n {"a": {"b": 2}}]')
    assert document.issues
    assert document.locate("Patient.a.b", entry=1) == (3, 14)


def test_the_line_of_a_long_text_is_cut_around_the_place() -> None:
    text = (
        b'{"resourceType": "Patient", "x": "'
        + b"a" * 5000
        + b'", "active": "true", "y": "'
        + b"b" * 5000
        + b'"}'
    )
    document = parse(text)
    snippet = document.snippet(*document.locate("Patient.active"))
    assert len(snippet.text) < 120
    assert snippet.text[snippet.caret :].startswith('"true"')
    assert snippet.text[0] == snippet.text[-1] == "…"


# The writing itself


@pytest.mark.parametrize(
    ("text", "value", "place", "sentence"),
    [
        ('{"a": 1,}', {"a": 1}, (1, 8), "a comma stands before the closing }: leave it out"),
        ('{"a": [1, ]}', {"a": [1]}, (1, 9), "a comma stands before the closing ]: leave it out"),
        ('{"a": 1,, "b": 2}', {"a": 1, "b": 2}, (1, 9), "a comma too many"),
        ('{"a": 1\n "b": 2}', {"a": 1, "b": 2}, (1, 8), "a comma is missing here"),
        ('{"a": 1; "b": 2}', {"a": 1, "b": 2}, (1, 8), "write a comma, not a semicolon"),
        ('{"a"= 1}', {"a": 1}, (1, 5), "write a colon after `a`"),
        ("{'a': 1}", {"a": 1}, (1, 2), "write double quotes, not single ones"),
        ("{a: 1}", {"a": 1}, (1, 2), 'write the name in double quotes: "a"'),
        ("{“a”: 1}", {"a": 1}, (1, 2), "write straight double quotes"),
        ('{"a": 1} // x', {"a": 1}, (1, 10), "JSON has no comments"),
        ('{/* x\n */ "a": 1}', {"a": 1}, (1, 2), "JSON has no comments"),
        ('{"a": True}', {"a": True}, (1, 7), "write true, not True"),
        ('{"a": None}', {"a": None}, (1, 7), "write null, not None"),
        ('{"a": NaN}', {"a": "NaN"}, (1, 7), "write NaN in double quotes, if a string is meant"),
        ('{"a": male}', {"a": "male"}, (1, 7), "write male in double quotes"),
        ('{"a": +1}', {"a": 1}, (1, 7), "write 1"),
        ('{"a": 007}', {"a": 7}, (1, 7), "write 7"),
        ('{"a": .50}', {"a": Decimal("0.50")}, (1, 7), "write 0.50"),
        ('{"a": 5.}', {"a": 5}, (1, 7), "write 5"),
        ('{"a": "x\ny"}', {"a": "x\ny"}, (1, 9), "a line break inside a string is written \\n"),
        ('{"a": "x\ty"}', {"a": "x\ty"}, (1, 9), "a tab inside a string is written \\t"),
        ('{"a": "\\q"}', {"a": "q"}, (1, 8), "\\q is no escape of JSON"),
        ('{"a": "\\ud800"}', {"a": "\ufffd"}, (1, 7), "half of a surrogate pair"),
        ('{"a": 1}\n{"a": 2}', {"a": 1}, (2, 1), "another document follows"),
        ('{"a": 1}}', {"a": 1}, (1, 9), "'}' stands after the end"),
    ],
)
def test_a_fault_is_told_with_what_would_be_right_and_the_rest_is_read(
    text: str, value: Any, place: tuple[int, int], sentence: str
) -> None:
    document = parse(text.encode())
    assert document.resource == value
    (issue,) = document.issues
    assert (issue.severity, issue.rule, issue.line, issue.column) == ("error", "json", *place)
    assert sentence in issue.text
    document.locate("Patient.a.b")  # a text that is not JSON is searched as well


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("", (1, 1), "there is nothing here"),
        (" \n ", (2, 2), "there is nothing here"),
        ('{"a":', (1, 6), "the text ends where a value should stand"),
        ('{"a": "b', (1, 7), 'a " is missing'),
        ('{\n"a": [1, 2', (2, 6), "a ] is missing"),
        ('{"a": {"b": 1}', (1, 1), "a } is missing"),
        ('{"a": [1}', (1, 9), "a } stands where the array needs a ]"),
        ('{"a" 1}', (1, 6), "a colon and a value should follow `a`"),
        ("{1}", (1, 3), "a colon and a value should follow"),
        ("{;}", (1, 2), "a name in double quotes should stand here"),
        ('{"a": ?}', (1, 7), "a value should stand here"),
        ('{"a": 1 /* x', (1, 9), "never closed"),
        ('{"a":' * 300 + "1" + "}" * 300, (1, 1001), "nested more than 200 levels deep"),
        ("[" * 100_000, (1, 201), "nested more than 200 levels deep"),
    ],
)
def test_what_cannot_be_read_ends_in_a_fatal_issue(text: str, place: tuple[int, int], sentence: str) -> None:
    document = parse(text.encode())
    assert document.resource is None
    issue = document.issues[-1]
    assert (issue.severity, issue.line, issue.column) == ("fatal", *place)
    assert sentence in issue.text


def test_a_member_that_stands_twice_is_told_by_its_object() -> None:
    text = b'{"resourceType": "Observation",\n "valueQuantity": {"value": 1.0,\n  "value": 1.0}}'
    document = parse(text)
    (issue,) = document.issues
    assert (issue.rule, issue.line, issue.column) == ("duplicate-key", 3, 3)
    assert issue.expression == "Observation.value.ofType(Quantity)"
    assert issue.text == "`value` stands twice in this object (first in line 2): leave one out."


@pytest.mark.parametrize(
    "text",
    [b'{"a":"\\u00e9\\/","b":1e5,"c":-0,"d":"\\ud83d\\ude00"}', '{"a" : "é" }'.encode(), b'{"a":1.0E+2}'],
)
def test_what_is_spelled_otherwise_does_not_stand_twice(text: bytes) -> None:
    assert parse(text).issues == []
    assert parse(text).resource == json.loads(text)


def test_a_hidden_repetition_is_found_whatever_its_length() -> None:
    for text in (
        b'{"a":"\\u00e9\\u00e9","a":""}',
        b'{"a":1,"b":{"c":[{"d":1,"d":1}]}}',
        b'{"a":1,"\\u0061":2}',
    ):
        assert not json_text.repeats_no_member(text, json.loads(text))
        assert [issue.rule for issue in parse(text).issues] == ["duplicate-key"]


@pytest.mark.parametrize(
    ("data", "severity", "sentence"),
    [
        (b'\xef\xbb\xbf{"a": "b"}', "warning", "byte order mark"),
        ('{"a": "b"}'.encode("utf-16"), "error", "the encoding is UTF-16: FHIR is written in UTF-8"),
        ('{"a": "b"}'.encode("utf-32"), "error", "the encoding is UTF-32"),
        ('{"a": "b", "c": "é"}'.encode("latin-1"), "error", "the byte 0xE9 is not UTF-8"),
    ],
)
def test_another_encoding_is_told_and_still_read(data: bytes, severity: str, sentence: str) -> None:
    document = parse(data)
    assert document.resource["a"] == "b"
    (issue,) = document.issues
    assert (issue.severity, issue.rule) == (severity, "encoding")
    assert sentence in issue.text


def test_issues_are_bounded() -> None:
    document = parse(b'{"a": [' + b"1,," * 5000 + b"1]}")
    assert len(document.issues) == MAX_FAULTS


def test_a_hostile_text_costs_no_more_than_its_size() -> None:
    for text in (
        b'{"a":"' + b"\\" * 2_000_001,
        b'{"a":' + b"'" * 2_000_000,
        b"{" + b'"a":1,' * 300_000,
        b"/" * 2_000_000,
    ):
        tracemalloc.start()
        parse(text)
        assert tracemalloc.get_traced_memory()[1] < 200 * 1_000_000
        tracemalloc.stop()


# Which format, which release


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (b" \n<a/>", "xml"),
        (b"\xef\xbb\xbf<a/>", "xml"),
        ("<a/>".encode("utf-16"), "xml"),
        (b"{}", "json"),
        (b"", "json"),
    ],
)
def test_the_format_is_told_from_the_first_character(data: bytes, format: str) -> None:
    assert format_of(data) == format
    assert parse(data).format == format


OWN = "https://w3id.org/fhir-vitiligo/StructureDefinition/vitiligo-medication-use"


@pytest.mark.parametrize(
    ("resource", "release"),
    [
        ({"resourceType": "StructureDefinition", "fhirVersion": "5.0.0"}, Release.R5),
        ({"resourceType": "ImplementationGuide", "fhirVersion": ["4.3.0"]}, Release.R4B),
        ({"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"]}}, Release.R4),
        ({"meta": {"profile": ["x", "http://hl7.org/fhir/5.0/StructureDefinition/Patient"]}}, Release.R5),
        ({"resourceType": "Bundle", "entry": [{}, {"resource": {"fhirVersion": "5.0.0"}}]}, Release.R5),
        ({"resourceType": "MedicationStatement", "meta": {"profile": [OWN]}, "medication": {}}, Release.R5),
        ({"resourceType": "MedicationStatement", "meta": {"profile": [OWN]}}, None),
        ({"resourceType": "MedicationStatement", "medication": {}}, None),
        ({"resourceType": "Patient"}, None),
        ({"fhirVersion": 5, "meta": 1, "entry": 2}, None),
        ([1], None),
    ],
)
def test_a_resource_may_state_its_release(resource: Any, release: Release | None) -> None:
    assert stated_release(resource) is release
    assert parse(json.dumps(resource)).release is (release or Release.R4)
    assert parse(json.dumps(resource), Release.R4B).release is Release.R4B


def test_xml_is_read_by_the_release_it_states() -> None:
    xml = b'<StructureDefinition xmlns="http://hl7.org/fhir"><versionAlgorithmString value="x"/><fhirVersion value="5.0.0"/></StructureDefinition>'
    assert parse(xml).release is Release.R5
    assert parse(xml).issues == []
    assert [issue.rule for issue in parse(xml, Release.R4).issues] == ["unknown"]


def test_what_the_reader_told_the_validator_need_not_tell_again() -> None:
    document = parse(b'<Patient xmlns="http://hl7.org/fhir"><name/><gender value="m"/></Patient>')
    again = Issue("error", "structure", "Patient.name[0]", "HumanName object is empty.", rule="ele-1")
    other = Issue("error", "code-invalid", "Patient.gender", "`gender` is 'm'.", rule="binding")
    assert [issue.rule for issue in document.join([again, other])] == ["ele-1", "binding"]


def test_names_of_json_become_a_fhirpath() -> None:
    assert fhirpath("Patient", ["contact", 1, "_birthDate", "extension", 0], Release.R4) == (
        "Patient.contact[1]._birthDate.extension[0]"
    )
    assert fhirpath("Patient", ["_birthDate", "extension", 0, "valueCode"], Release.R4) == (
        "Patient.birthDate.extension[0].value.ofType(code)"
    )
    assert fhirpath("Nix", ["a", 0], Release.R4) == "Nix.a[0]"
