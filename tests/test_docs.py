"""What is there is documented: every command and option, every setting, every field of the case, every rule of the house."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from fhir_vitiligo.cli import main as program

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


def test_every_command_and_option_has_words() -> None:
    for name, command in program.commands.items():
        assert command.help, f"{name} has no help"
        silent = [
            option.name for option in command.params if isinstance(option, click.Option) and not option.help
        ]
        assert not silent, f"{name}: {silent}"


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [name for name in program.commands if f"fhir-vitiligo {name}" not in readme]
    assert not missing


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
