"""Our package in HL7's engine: profiles and extensions are valid, each extension allows what it says and no more.

What the rest of the package holds is in ``test_terminology.py``.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from fhir_vitiligo.mapping.parts import declared_profiles
from fhir_vitiligo.terminology import registry, systems

from .build import ROOT
from .engine import OURS, OfficialEngine, OfficialIssue, Request
from .uses import ExtensionDefinition, host

pytestmark = pytest.mark.official

RELEASES = ("r4", "r4b", "r5")
CANONICAL = yaml.safe_load((ROOT / "profiles" / "sushi-config.yaml").read_text(encoding="utf-8"))["canonical"]

# Message id and the words it is about -> why the warning stands. Anything else fails.
EXPLAINED: tuple[tuple[str, str, str], ...] = (
    (
        "http://hl7.org/fhir/StructureDefinition/DomainResource#dom-6",
        "",
        "programs read definitions: no narrative",
    ),
    (
        "SD_CONTEXT_SHOULD_NOT_BE_ELEMENT",
        "",
        "any value is read from a source: `reading` may stand anywhere",
    ),
    (
        "TYPE_SPECIFIC_CHECKS_DT_CANONICAL_MULTIPLE_POSSIBLE_VERSIONS",
        "terminology.hl7.org/ValueSet/v",
        "a snapshot has core's bindings; R4 core and HL7's terminology package both bring these value sets",
    ),
    (
        "SD_ED_EXPERIMENTAL_BINDING",
        "hl7.org/fhir/ValueSet/",
        "a snapshot has core's bindings, and R5 calls some of these value sets experimental",
    ),
    (
        "SD_ED_BIND_UNKNOWN_VS",
        "dicom.nema.org",
        "a snapshot has core's bindings, and R5 names a list of DICOM that is on no board",
    ),
    (
        "UNKNOWN_CODESYSTEM",
        "human-phenotype-ontology.org",
        "HPO is not on board; the registry has the source of its codes",
    ),
)
HL7 = ("http://hl7.org/", "http://terminology.hl7.org/")


def explained(issue: OfficialIssue) -> bool:
    return issue.severity == "warning" and any(
        issue.message_id == message and words in issue.text for message, words, _ in EXPLAINED
    )


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
        d["url"]: include["concept"][0]["code"] if "concept" in include else concepts[include["system"]]
        for d in found
        if d["resourceType"] == "ValueSet" and (include := d["compose"]["include"][0])["system"] in concepts
    }
    return {d["id"]: ExtensionDefinition(d, codes) for d in found if d.get("type") == "Extension"}


EXTENSIONS = {release: extensions(release) for release in RELEASES}


def profiles(release: str) -> dict[str, dict[str, Any]]:
    """Our profiles by id."""
    return {
        definition["id"]: definition
        for _, definition in definitions(release)
        if definition["resourceType"] == "StructureDefinition" and definition["type"] != "Extension"
    }


@pytest.fixture(scope="module")
def verdicts(engine: OfficialEngine) -> dict[str, dict[str, list[OfficialIssue]]]:
    """What the engine says of every profile and extension, by release and file name."""
    found = {
        (release, name): one
        for release in RELEASES
        for name, one in definitions(release)
        if one["resourceType"] == "StructureDefinition"
    }
    issues = engine.validate_many(Request(release, one) for (release, _), one in found.items())
    answers: dict[str, dict[str, list[OfficialIssue]]] = {release: {} for release in RELEASES}
    for (release, name), said in zip(found, issues, strict=True):
        answers[release][name] = said
    return answers


@pytest.mark.parametrize("release", RELEASES)
def test_every_profile_and_extension_is_valid(
    verdicts: dict[str, dict[str, list[OfficialIssue]]], release: str
) -> None:
    assert len(verdicts[release]) > 70
    problems = [
        f"{name}: {issue}"
        for name, issues in verdicts[release].items()
        for issue in issues
        if issue.severity != "information" and not explained(issue)
    ]
    assert not problems, "\n".join(problems)


def test_every_explanation_is_needed(verdicts: dict[str, dict[str, list[OfficialIssue]]]) -> None:
    """A reason that explains nothing any more has to go."""
    seen = {
        (message, words)
        for release in verdicts.values()
        for issues in release.values()
        for issue in issues
        for message, words, _ in EXPLAINED
        if issue.message_id == message and words in issue.text
    }
    assert {(message, words) for message, words, _ in EXPLAINED} - seen == set()


def test_what_the_mapping_declares_is_there_and_nothing_else() -> None:
    """Each release has its own source: R5 alone has Citation."""
    sources = {"vitiligo-source", "vitiligo-citation"}
    for release, own in (("r4", "vitiligo-source"), ("r5", "vitiligo-citation")):
        assert set(profiles(release)) == declared_profiles() - sources | {own}, release


def codings(node: Any) -> Iterator[tuple[str, str]]:
    """Every system and code within what a profile states."""
    if isinstance(node, dict):
        if isinstance(node.get("system"), str) and isinstance(node.get("code"), str):
            yield node["system"], node["code"]
        for value in node.values():
            yield from codings(value)
    elif isinstance(node, list):
        for value in node:
            yield from codings(value)


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_a_profile_mentions_no_code_that_the_registry_does_not_hold(release: str) -> None:
    ours = {code for _, one in definitions(release) if one["id"] == "vitiligo" for code in concept_codes(one)}
    mentioned = {
        coding
        for profile in profiles(release).values()
        for coding in codings(profile["differential"])
        if not coding[0].startswith(HL7)
    }
    assert len(mentioned) > 30
    for system, code in mentioned:
        assert code in ours if system == systems.LOCAL else registry.may_emit(system, code), (system, code)
    # An invariant names a code between quotes, with the category in front.
    named = {
        code
        for profile in profiles(release).values()
        for code in re.findall(r"'([a-z-]+\.[a-z0-9-]+)'", json.dumps(profile["differential"]))
    }
    assert named
    assert named <= ours


def concept_codes(code_system: dict[str, Any]) -> Iterator[str]:
    yield from (concept["code"] for concept in code_system["concept"])


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_what_an_invariant_refers_to_is_there(release: str) -> None:
    known = {one["url"] for _, one in definitions(release)}
    for profile in profiles(release).values():
        for address in re.findall(rf"'({re.escape(CANONICAL)}[^']*)'", json.dumps(profile["differential"])):
            assert address in known, f"{profile['id']} names {address}"


@pytest.mark.parametrize("release", ["r4", "r5"])
def test_every_profile_demands_something(release: str) -> None:
    """By itself or by the profile it is a child of: at least three rules that a wrong record breaks."""
    found = profiles(release)
    by_url = {profile["url"]: profile for profile in found.values()}
    for name, profile in found.items():
        rules, one = 0, profile
        while one is not None:
            rules += sum(demands(element) for element in one["differential"]["element"])
            one = by_url.get(one["baseDefinition"])
        assert rules >= 3, name


def demands(element: dict[str, Any]) -> int:
    """How many rules the element of a differential states: cardinality, value, types, required codes, invariants."""
    errors = [one for one in element.get("constraint", ()) if one["severity"] == "error"]
    return (
        len(errors)
        + (element.get("min", 0) > 0)
        + (element.get("max", "*") in ("0", "1"))
        + any(key.startswith(("fixed", "pattern")) for key in element)
        + ("type" in element)
        + (element.get("binding", {}).get("strength") == "required")
    )


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
