"""The generated FSH is what the registry says, and the generators say what is out of date or wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = ("build_code_system", "build_value_sets", "build_concept_maps")


def run(root: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The tables that are read are those of `root`, wherever the package is installed.
    return subprocess.run(
        [sys.executable, str(root / "tools" / f"{name}.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of its own, as far as the generators go."""
    for part in ("tools", "profiles/input", "fhir_vitiligo"):
        shutil.copytree(
            ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "definitions")
        )
    return tmp_path


@pytest.mark.parametrize("name", GENERATORS)
def test_what_is_committed_is_up_to_date(name: str) -> None:
    done = run(ROOT, name, "--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_code_is_one_line_and_reaches_value_set_and_maps(copy: Path) -> None:
    """As CONTRIBUTING says: a line in codes.csv, its name in concepts.csv, and the generators."""
    tables = copy / "fhir_vitiligo" / "terminology"
    with (tables / "codes.csv").open("a", encoding="utf-8") as codes:
        codes.write("http://human-phenotype-ontology.org,HP:9999991,Test term,t,a source opened,yes,yes,\n")
    concepts = (tables / "concepts.csv").read_text(encoding="utf-8")
    line = "finding,milia,Milia,Small white cysts.,,,,,"
    assert line in concepts
    named = line.replace("cysts.,,,,,", "cysts.,,hpo|HP:9999991,exact,,")
    (tables / "concepts.csv").write_text(concepts.replace(line, named), encoding="utf-8")

    assert [run(copy, name, "--check").returncode for name in GENERATORS] == [0, 1, 1]
    for name in GENERATORS:
        assert run(copy, name).returncode == 0
    sets = (copy / "profiles/input/fsh/valuesets/vitiligo.fsh").read_text(encoding="utf-8")
    finding = sets.partition("Id: vitiligo-finding\n")[2].partition("ValueSet:")[0]
    assert '* http://human-phenotype-ontology.org#HP:9999991 "Test term"' in finding
    for release, said in (("r4", "equivalence = #equivalent"), ("r5", "relationship = #equivalent")):
        maps = (copy / f"profiles/input/fsh-{release}/conceptmaps/vitiligo.fsh").read_text(encoding="utf-8")
        element = maps.partition("element[+].code = #finding.milia\n")[2].partition("element[+]")[0]
        assert "target[+].code = #HP:9999991" in element
        assert said in element


def test_a_code_that_is_not_held_cannot_be_named(copy: Path) -> None:
    concepts = copy / "fhir_vitiligo" / "terminology" / "concepts.csv"
    text = concepts.read_text(encoding="utf-8")
    concepts.write_text(
        text.replace(
            "finding,milia,Milia,Small white cysts.,,,,,",
            "finding,milia,Milia,Small white cysts.,,sct|254679004,exact,,",
        ),
        encoding="utf-8",
    )
    done = run(copy, "build_value_sets")
    assert done.returncode != 0
    assert "sct|254679004 is not in codes.csv: add its line there first, with its source." in done.stderr


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("vetff", "There is no instrument 'vetff': did you mean 'vetf'"),
        ("<<vassi", "There is no instrument 'vassi': did you mean 'vasi'"),
        ("xyz-*", "subsets.csv: no instrument matches 'xyz-*'."),
    ],
)
def test_a_subset_that_names_nothing_is_refused(copy: Path, keys: str, sentence: str) -> None:
    with (copy / "fhir_vitiligo" / "terminology" / "subsets.csv").open("a", encoding="utf-8") as subsets:
        subsets.write(f"instrument,test,Test,A test.,{keys}\n")
    done = run(copy, "build_value_sets")
    assert done.returncode != 0
    assert sentence in done.stderr


def test_two_relations_to_one_code_are_refused(copy: Path) -> None:
    concepts = copy / "fhir_vitiligo" / "terminology" / "concepts.csv"
    text = concepts.read_text(encoding="utf-8")
    line = "of more than two segments.,,sct|403268000,broader,"
    assert line in text
    shared = "diagnosis,pluri,Plurisegmental vitiligo,Segmental vitiligo.,segmental,sct|403268000 local|subtype.plurisegmental,narrower,,\n"
    concepts.write_text(text.rstrip("\n") + "\n" + shared, encoding="utf-8")
    done = run(copy, "build_concept_maps")
    assert done.returncode != 0
    assert "subtype.plurisegmental stands in two relations to 403268000: broader and narrower" in done.stderr
