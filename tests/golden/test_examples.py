"""The packaged examples are good cases: they read, map, validate and come back, in every release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from fhir_vitiligo.case.advice import advise
from fhir_vitiligo.case.io import dump_case, read_case
from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import Fact
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.back import from_fhir
from fhir_vitiligo.mapping.mapper import Mapper
from fhir_vitiligo.validation.validator import Validator

from .form import EXAMPLES, names

SYNTHETIC = [name for name in names() if name != "case-report"]
TOLD = {
    "dirty-registry-row": [
        "the text 'mometasone' is Mometasone, the code '42316' says Tacrolimus",
        "the code '42316' is Tacrolimus, the display of a code 'mometasone' says Mometasone",
        "(VETF) stands twice",
        "(VES) stands twice",
    ],
    "instrument-battery": ["what is stated to be absent has no onset"],
    "mixed-thyroid": ["stated total 2.4 of Total body Vitiligo Area Scoring Index (T-VASI) disagrees"],
}
"""What is to be told of an example, because it is there to show it."""


def _case(name: str) -> Case:
    return read_case(EXAMPLES / f"{name}.yaml")


def _facts(value: Any) -> Iterator[Fact[Any]]:
    if isinstance(value, Fact):
        yield value
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _facts(getattr(value, field))
    elif isinstance(value, tuple):
        for item in value:
            yield from _facts(item)


def test_there_is_one_example_for_the_case_report_and_one_for_each_shape() -> None:
    assert names() == [
        "case-report", "dirty-registry-row", "instrument-battery", "mixed-thyroid", "nsv-nbuvb", "paediatric-mixed",
        "phototherapy-burn", "relapse", "ruxolitinib-cream", "surgery-graft", "universal-mbeh",
    ]  # fmt: skip


def test_the_examples_have_different_ids() -> None:
    assert len({_case(name).id for name in names()}) == len(names())


@pytest.mark.parametrize("name", SYNTHETIC)
def test_an_invented_case_says_so(name: str) -> None:
    assert (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8").startswith("# SYNTHETIC: an invented ")
    assert _case(name).synthetic
    for resource in Mapper().resources(_case(name)):
        assert [tag["code"] for tag in resource["meta"]["security"]] == ["HTEST"]


def test_the_case_report_is_not_invented() -> None:
    case = _case("case-report")
    assert not case.synthetic
    assert not [resource for resource in Mapper().resources(case) if "security" in resource["meta"]]


@pytest.mark.parametrize("name", names())
def test_only_what_the_example_is_there_to_show_is_told_of_it(name: str) -> None:
    told = [str(issue) for issue in advise(_case(name))]
    expected = TOLD.get(name, [])
    assert len(told) == len(expected), told
    for text, words in zip(told, expected, strict=True):
        assert words in text


@pytest.mark.parametrize("name", names())
def test_an_example_is_written_and_read_again_the_same(name: str) -> None:
    case = _case(name)
    assert read_case(dump_case(case).encode()) == case


@pytest.mark.parametrize("release", Release)
@pytest.mark.parametrize("kind", ["transaction", "collection", "document"])
@pytest.mark.parametrize("name", names())
def test_an_example_goes_to_fhir_and_comes_back(name: str, kind: Any, release: Release) -> None:
    case = _case(name)
    bundle = json.loads(json.dumps(Mapper(release).to_fhir(case, type=kind)))
    issues = Validator(release).validate(bundle)
    assert [str(issue) for issue in issues if issue.severity in ("error", "fatal")] == []
    back, residue = from_fhir(bundle)
    # A document has to be dated, and no field of a case carries when it was assembled.
    assert [leaf.expression for leaf in residue] == (["Bundle.timestamp"] if kind == "document" else [])
    assert back == case


@pytest.mark.parametrize("name", names())
def test_a_span_points_at_the_words_of_its_fact(name: str) -> None:
    case = _case(name)
    spanned = [fact for fact in _facts(case) if fact.span is not None]
    assert bool(spanned) == (case.source is not None and case.source.text is not None)
    for fact in spanned:
        assert case.source is not None
        assert case.source.text is not None
        assert fact.span is not None
        words = case.source.text[fact.span.start : fact.span.end]
        if fact.raw is not None:
            assert words == fact.raw
        elif fact.status == "stated":
            assert str(fact).lower() in words.lower()


def test_the_text_of_the_case_report_is_not_copied(shared_dir: Path) -> None:
    """The abstract is its authors': short quotations only, and no sentence of it."""
    page = (shared_dir / "domain" / "case-report.txt").read_text(encoding="utf-8")
    abstract = page.partition("\nAbstract\n")[2].partition("\nPages:")[0]
    written = " ".join((EXAMPLES / "case-report.yaml").read_text(encoding="utf-8").split())
    for sentence in re.split(r"(?<=\.)\s+", abstract):
        words = sentence.split()
        for start in range(len(words) - 11):
            run = " ".join(words[start : start + 12])
            assert run not in written, f"twelve words in a row are the authors': {run}"


@pytest.mark.parametrize("name", names())
def test_the_documentation_tells_of_the_example(name: str) -> None:
    path = Path(__file__).resolve().parents[2] / "docs" / "examples.md"
    assert f"| `{name}` |" in path.read_text(encoding="utf-8")
