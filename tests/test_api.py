"""The public API: what a user imports, quickly, typed, and what the first lines of the README do."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel

import fhir_vitiligo as fv
from fhir_vitiligo.case.table import sections, text_table
from fhir_vitiligo.case.values import Fact
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.xml import to_xml
from fhir_vitiligo.packaged import about, example_names, example_text


def test_a_case_goes_to_fhir_and_comes_back() -> None:
    for name, case in fv.examples().items():
        for release in fv.Release:
            bundle = fv.to_fhir(case, release=release)
            assert type(bundle) is dict
            assert fv.from_fhir(bundle, release) == (case, []), f"{name} in {release.name}"


def test_a_bundle_is_taken_in_every_form(tmp_path: Path) -> None:
    case = fv.example()
    bundle = fv.to_fhir(case)
    text = json.dumps(bundle)
    path = tmp_path / "bundle.json"
    path.write_bytes(text)
    resources = [entry["resource"] for entry in bundle["entry"]]
    ndjson = b"\n".join(map(json.dumps, resources))
    for form in (bundle, text, text.decode(), path, str(path), resources, ndjson, json.dumps(resources)):
        assert fv.from_fhir(form)[0] == case
        assert [found for found, _ in fv.cases_from_fhir(form)] == [case]


def test_the_residue_is_plain_and_names_resource_place_and_value() -> None:
    patient = {"resourceType": "Patient", "id": "p", "gender": "male", "maritalStatus": {"text": "married"}}
    case, residue = fv.from_fhir(patient)
    assert case.subject.sex is not None
    assert residue == [
        {"resource": "Patient/p", "expression": "Patient.maritalStatus.text", "value": "married"}
    ]


def test_several_cases_are_each_with_their_residue() -> None:
    cases = list(fv.examples().values())
    ndjson = b"\n".join(json.dumps(fv.to_fhir(case)) for case in cases)
    assert [case for case, _ in fv.cases_from_fhir(ndjson)] == cases
    with pytest.raises(fv.MappingError, match="11 patients or cases where one was expected"):
        fv.from_fhir(ndjson)


@pytest.mark.parametrize(
    ("bundle", "sentence"),
    [
        ("{not json", "not valid JSON"),
        (b"[1]", "expected a FHIR resource: a JSON object with a resourceType"),
        ("no/such/file.json", "no/such/file.json: cannot be read: No such file or directory"),
        ("bad\0name", "cannot be read"),
        ({"type": "collection"}, "expected a FHIR resource"),
        ([], "there is no resource here to make a case of"),
    ],
)
def test_what_is_no_fhir_ends_in_a_sentence(bundle: Any, sentence: str) -> None:
    with pytest.raises(fv.FhirVitiligoError) as caught:
        fv.from_fhir(bundle)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("release", list(fv.Release))
def test_fhir_comes_in_as_xml_too(tmp_path: Path, release: fv.Release) -> None:
    bundle = fv.to_fhir(fv.example("mixed-thyroid"), release)
    text = to_xml(bundle, release)
    (tmp_path / "bundle.xml").write_bytes(text)
    for form in (text, text.decode(), tmp_path / "bundle.xml"):
        assert fv.from_fhir(form, release) == fv.from_fhir(bundle, release)
    with pytest.raises(fv.InputError, match="`nix` is not an element of Patient"):
        fv.from_fhir('<Patient xmlns="http://hl7.org/fhir"><nix/></Patient>')


@pytest.mark.parametrize("wrong", [None, "case.yaml", {"id": "a"}, 5])
def test_what_is_no_case_is_told(wrong: Any) -> None:
    with pytest.raises(
        fv.InputError, match=f"expected a Case, found {type(wrong).__name__}: read_case makes one"
    ):
        fv.to_fhir(wrong)


def test_a_candidate_is_taken_only_when_it_is_accepted() -> None:
    case = fv.example("case-report")
    left = json.dumps(fv.to_fhir(case)).decode()
    taken = json.dumps(fv.to_fhir(case, accept={"assessments.vetf-t0.total": "7.6"})).decode()
    assert '"value":7.6' not in left
    assert '"value":7.6' in taken


def test_recorded_is_an_argument_and_output_without_it_is_the_same_twice() -> None:
    case = fv.example()
    assert json.dumps(fv.to_fhir(case)) == json.dumps(fv.to_fhir(case))
    assert "2024-03-05T10:30:00Z" in str(fv.to_fhir(case, recorded="2024-03-05T10:30:00Z"))
    with pytest.raises(fv.MappingError, match="is no instant"):
        fv.to_fhir(case, recorded="yesterday")


def test_an_unknown_release_is_named() -> None:
    with pytest.raises(fv.ReleaseError, match="unknown FHIR release 'r3': use r4, r4b or r5"):
        fv.to_fhir(fv.example(), release="r3")


def test_everything_public_is_there_and_where_it_is_said_to_be() -> None:
    for name in fv.__all__:
        assert getattr(fv, name) is not None
        assert name in dir(fv)
    for name, home in fv._HOMES.items():
        assert getattr(importlib.import_module(f"fhir_vitiligo.{home}"), name) is getattr(fv, name)
    assert set(fv._HOMES) | {"to_fhir", "from_fhir", "cases_from_fhir"} == set(fv.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nix'"):
        fv.nix  # noqa: B018 - the access is the test


def test_the_types_of_the_public_names_are_declared() -> None:
    source = inspect.getsource(fv)
    for name, home in fv._HOMES.items():
        assert f"from fhir_vitiligo.{home} import {name} as {name}" in source


def test_the_public_functions_have_types_that_can_be_read() -> None:
    hints = get_type_hints(fv.read_case)
    assert hints["return"] is fv.Case


def test_the_import_loads_nothing() -> None:
    script = "import sys, fhir_vitiligo; print(*(m for m in sys.modules if m.split('.')[0] in {names}))"
    names = {"pydantic", "msgspec", "yaml", "click", "fastapi", "fhir", "uvicorn"}
    done = subprocess.run(
        [sys.executable, "-c", script.format(names=names)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_typed_objects_are_loaded_only_where_they_are_asked_for() -> None:
    script = (
        "import sys, fhir_vitiligo as fv; c = fv.example(); fv.from_fhir(fv.to_fhir(c)); "
        "print([m for m in sys.modules if m.startswith('fhir.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_example_is_answered_with_the_nearest() -> None:
    with pytest.raises(fv.InputError, match="there is no example 'relaps': did you mean 'relapse'"):
        fv.example("relaps")


def test_every_example_says_what_it_shows_and_invented_ones_say_so() -> None:
    assert example_names()[0] == "case-report"
    assert len(example_names()) == 11
    for name in example_names():
        assert len(about(name)) > 10
        case = fv.example(name)
        assert case.synthetic == (name != "case-report")
        assert about(name).startswith("synthetic: ") == case.synthetic
        assert ("SYNTHETIC" in example_text(name)) == case.synthetic


def test_a_table_shows_every_fact_and_how_it_was_read() -> None:
    text = text_table(fv.example("case-report"), 100)
    assert "Total" in text
    assert "ambiguous;" in text
    assert "Skin of face, right" in text
    assert "written as '0.3 cc'" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", example_names())
@pytest.mark.parametrize("width", [60, 140])
def test_a_table_has_every_fact_of_the_case(name: str, width: int) -> None:
    case = fv.example(name)
    shown = [entry.value for section in sections(case) for entry in section.entries]
    assert {id(value) for value in shown if isinstance(value, Fact)} == set(facts(case))
    assert max(map(len, text_table(case, width).splitlines())) <= width


def facts(node: Any) -> Iterator[int]:
    if isinstance(node, Fact):
        yield id(node)
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from facts(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from facts(item)


def test_a_notebook_shows_a_table_and_runs_nothing_of_the_case() -> None:
    case = fv.read_case({"id": "x", "source": {"title": "<script>alert(1)</script>"}})
    html = case._repr_html_()
    assert html.startswith("<table>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>" not in html
