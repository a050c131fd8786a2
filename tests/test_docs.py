"""What is there is documented: every command and option, every setting, every field of the case, every rule of the house."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

import fhir_vitiligo
from fhir_vitiligo.cli import main as program
from fhir_vitiligo.fhir import json
from fhir_vitiligo.own_package import own_package
from fhir_vitiligo.packaged import example_text
from fhir_vitiligo.terminology import registry

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def build_docs() -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    spec = importlib.util.spec_from_file_location("build_docs", ROOT / "tools" / "build_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_pages_say_what_the_code_says(build_docs: ModuleType) -> None:
    for name, text in build_docs.pages().items():
        assert (ROOT / "docs" / name).read_text() == text, f"docs/{name} is stale: run `make docs`"


def test_every_case_field_says_what_it_is(build_docs: ModuleType) -> None:
    silent = [
        f"{model.__name__}.{name}"
        for model, _ in build_docs.models()
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert not silent


def test_every_case_field_is_in_the_dictionary_with_its_element(build_docs: ModuleType) -> None:
    page = (ROOT / "docs" / "data-dictionary.md").read_text()
    for model, title in build_docs.models():
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for name in model.model_fields:
            assert f"| `{name}`" in section, f"{title}.{name} is not in the data dictionary"


def test_every_kind_of_term_a_field_takes_is_listed_with_its_keys() -> None:
    terms = (ROOT / "docs" / "terms.md").read_text()
    kinds = set(
        re.findall(
            r"term \(\[[a-z-]+\]\(terms\.md#([a-z-]+)\)\)", (ROOT / "docs" / "data-dictionary.md").read_text()
        )
    )
    assert {"site", "instrument", "instrument-item", "region", "drug", "procedure"} <= kinds
    for kind in kinds:
        section = terms.partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
        missing = [one.key for one in registry.concepts(kind) if f"| `{one.key}` |" not in section]
        assert not missing, kind


def test_every_command_and_option_has_words() -> None:
    for name, command in program.commands.items():
        assert command.help, f"{name} has no help"
        silent = [
            option.name for option in command.params if isinstance(option, click.Option) and not option.help
        ]
        assert not silent, f"{name}: {silent}"


def test_the_python_page_runs_and_has_every_public_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "python.md").read_text()
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(block, "docs/python.md", "exec"), names)
    assert [case.id for case in names["cases"]] == ["r1", "r2"]  # type: ignore[attr-defined]
    assert [
        name for name in fhir_vitiligo.__all__ if f"`{name}" not in page and f"`fv.{name}" not in page
    ] == []


def test_the_first_example_of_validation_is_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "validation.md").read_text()
    source, call, told = re.findall(r"```\n\$ cat patient.json\n(.*?)\$ (.*?)\n(.*?)```", page, re.DOTALL)[0]
    (tmp_path / "patient.json").write_text(source)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(program, call.split()[1:])
    assert result.output == told


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [name for name in program.commands if f"fhir-vitiligo {name}" not in readme]
    assert not missing


def commands_of(page: Path) -> list[list[str]]:
    """The calls of the program in the code blocks of a page, without what stands in brackets and after ``#``."""
    found = []
    for block in re.findall(r"```[a-z]*\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.splitlines():
            called = re.match(r"(?:\$ |- run: )?fhir-vitiligo (.*)", line)
            if called is not None:
                plain = re.sub(r"\[[^]]*\]", "", called[1].partition(" # ")[0].partition("  # ")[0])
                found.append(shlex.split(plain.partition(">")[0]))
    return found


def test_the_commands_of_the_readme_run_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    runner = CliRunner()
    (tmp_path / "case.yaml").write_text(example_text("case-report"))
    assert runner.invoke(program, ["to-fhir", "case.yaml", "-o", "bundle.json"]).exit_code == 0
    called = commands_of(ROOT / "README.md")
    assert {words[0] for words in called} == set(program.commands)
    for words in called:
        if words[0] != "serve":  # goes on until Ctrl-C
            result = runner.invoke(program, ["case.yaml" if word == "FILE" else word for word in words])
            assert result.exit_code == 0, f"{words}: {result.output}"


def test_the_commands_of_the_documents_have_the_options_that_are_there() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for words in commands_of(page):
            command: click.Command = program
            while isinstance(command, click.Group):
                name, *words = words
                assert name in command.commands, f"{page.name}: {name}"
                command = command.commands[name]
            command.make_parser(click.Context(command)).parse_args(words)  # raises for what is not there


def test_the_readme_counts_what_is_in_the_package() -> None:
    counted: Counter[str] = Counter()
    for path in own_package().glob("*.json"):
        resource = json.loads_object(path.read_bytes())
        counted[
            "extensions" if resource.get("type") == "Extension" else str(resource.get("resourceType"))
        ] += 1
    told = re.search(r"(\d+) profiles, (\d+) extensions, (\d+) value sets", (ROOT / "README.md").read_text())
    assert told is not None
    found = [counted[name] for name in ("StructureDefinition", "extensions", "ValueSet")]
    assert [int(number) for number in told.groups()] == found


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if not target.startswith(("http://", "https://", "mailto:")):
                assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_no_module_is_longer_than_the_house_allows() -> None:
    long = [
        path.relative_to(ROOT).as_posix()
        for folder in ("fhir_vitiligo", "tools")
        for path in (ROOT / folder).rglob("*.py")
        if len(path.read_text().splitlines()) > 500
    ]
    assert not long
