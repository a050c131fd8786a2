"""Our package in HL7's engine: its definitions are valid, each extension allows what it says and no more."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from fhir_vitiligo.terminology import systems

from .build import ROOT
from .engine import OURS, OfficialEngine, Request
from .uses import ExtensionDefinition, host

pytestmark = pytest.mark.official

RELEASES = ("r4", "r4b", "r5")
CANONICAL = yaml.safe_load((ROOT / "profiles" / "sushi-config.yaml").read_text(encoding="utf-8"))["canonical"]

# Why a warning stays.
EXPLAINED = {
    "http://hl7.org/fhir/StructureDefinition/DomainResource#dom-6": "programs read definitions: no narrative",
    "SD_CONTEXT_SHOULD_NOT_BE_ELEMENT": "any value is read from a source: `reading` may stand anywhere",
}


def definitions(release: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Our definitions as they are loaded for a release."""
    (folder,) = OURS[release]
    for path in sorted(folder.glob("*-*.json")):
        definition = json.loads(path.read_text(encoding="utf-8"))
        if release == "r4b" and definition["resourceType"] == "StructureDefinition":
            definition["fhirVersion"] = "4.3.0"
            del definition["snapshot"]
        yield path.stem, definition


def extensions(release: str) -> dict[str, ExtensionDefinition]:
    """By id. R4B has R4's."""
    found = [definition for _, definition in definitions("r4" if release == "r4b" else release)]
    concepts = {d["url"]: d["concept"][0]["code"] for d in found if d["resourceType"] == "CodeSystem"}
    codes = {
        d["url"]: concepts[d["compose"]["include"][0]["system"]]
        for d in found
        if d["resourceType"] == "ValueSet" and d["compose"]["include"][0].get("system") in concepts
    }
    return {d["id"]: ExtensionDefinition(d, codes) for d in found if d.get("type") == "Extension"}


EXTENSIONS = {release: extensions(release) for release in RELEASES}


@pytest.mark.parametrize("release", RELEASES)
def test_every_definition_is_valid(engine: OfficialEngine, release: str) -> None:
    found = list(definitions(release))
    assert {name.partition("-")[0] for name, _ in found} >= {"StructureDefinition", "CodeSystem", "ValueSet"}
    problems = [
        f"{name}: {issue}"
        for name, definition in found
        for issue in engine.validate(release, definition)
        if issue.severity != "information" and issue.message_id not in EXPLAINED
    ]
    assert not problems


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", EXTENSIONS["r4"])
def test_an_extension_holds_what_it_says_and_no_more(engine: OfficialEngine, release: str, name: str) -> None:
    extension = EXTENSIONS[release][name]
    good = [host(release, context, use) for context in extension.contexts for use in extension.uses()]
    bad, expected = zip(*extension.faults(), strict=True)
    hosts = [*good, *(host(release, extension.contexts[0], fault) for fault in bad)]
    found = [
        [issue for issue in issues if issue.is_error]
        for issues in engine.validate_many(Request(release, resource) for resource in hosts)
    ]
    assert [str(error) for errors in found[: len(good)] for error in errors] == []
    for fault, message_id, errors in zip(bad, expected, found[len(good) :], strict=True):
        assert message_id in {error.message_id for error in errors}, fault


@pytest.mark.parametrize("release", RELEASES)
def test_an_extension_stands_only_where_it_belongs(engine: OfficialEngine, release: str) -> None:
    for name, extension in EXTENSIONS[release].items():
        patient = {"resourceType": "Patient", "extension": [extension.uses()[0]]}
        wrong = {error.message_id for error in engine.errors(release, patient)}
        assert wrong == (set() if "Element" in extension.contexts else {"Extension_EXTP_Context_Wrong"}), name


@pytest.mark.parametrize("release", RELEASES)
def test_a_reading_has_one_of_our_states(engine: OfficialEngine, release: str) -> None:
    status = {"url": "status", "valueCode": "guessed"}
    reading = {"url": EXTENSIONS[release]["reading"].url, "extension": [status]}
    errors = engine.errors(release, host(release, "Element", reading))
    assert "Terminology_TX_NoValid_16" in {error.message_id for error in errors}


def test_both_releases_have_the_same_extensions() -> None:
    assert set(EXTENSIONS["r4"]) == set(EXTENSIONS["r5"])


def test_the_code_has_the_canonical_base_of_the_package() -> None:
    assert systems.CANONICAL == CANONICAL


def test_what_is_committed_is_what_the_fsh_compiles_to() -> None:
    done = subprocess.run(
        [str(ROOT / "tools" / "build_profiles.sh"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
