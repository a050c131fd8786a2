"""Profiles and extensions of core and of the extension pack are on board, as their packages have them."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.fhir.definition_files import RecordFile
from fhir_vitiligo.fhir.definitions import CORE, Definitions, definitions_of
from fhir_vitiligo.fhir.release import Release

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".cache" / "packages"
PACK_VERSION = "5.3.0-ballot-tc1"


def profile(definitions: Definitions, url: str) -> dict[str, Any]:
    found = definitions.profile(url)
    assert found is not None, f"{url} is not on board"
    return found


def elements(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {element["id"]: element for element in definition["snapshot"]["element"]}


@pytest.mark.parametrize("release", Release)
def test_the_vital_signs_profiles_are_on_board(release: Release) -> None:
    pressure = profile(definitions_of(release), CORE + "bp")
    assert pressure["type"] == "Observation"
    assert pressure["baseDefinition"] == CORE + "vitalsigns"
    assert pressure["version"] == release.version
    found = elements(pressure)
    assert found["Observation.component:SystolicBP"]["min"] == 1
    assert found["Observation.component"]["slicing"]["discriminator"]
    rules = {rule["key"]: rule for rule in found["Observation"]["constraint"]}
    assert rules["vs-2"]["expression"].startswith("(component.empty()")
    assert "xpath" not in rules["vs-2"]


def test_an_extension_of_core_tells_context_and_content() -> None:
    found = profile(definitions_of(Release.R4), CORE + "cqf-relativeDateTime")
    assert found["context"] == [{"type": "element", "expression": "Element"}]
    assert found["version"] == "4.0.1"
    assert elements(found)["Extension.extension:targetPath"]["min"] == 1
    assert elements(found)["Extension.url"]["fixedUri"] == CORE + "cqf-relativeDateTime"


@pytest.mark.parametrize(("release", "own"), [(Release.R4, 393), (Release.R4B, 398), (Release.R5, 0)])
def test_core_comes_before_the_extension_pack_and_a_version_asks_for_either(
    release: Release, own: int
) -> None:
    definitions = definitions_of(release)
    urls = [*definitions.profile_urls]
    kinds = [profile(definitions, url) for url in dict.fromkeys(urls)]
    extensions = [kind for kind in kinds if kind["type"] == "Extension"]
    assert sum(kind["version"] == release.version for kind in extensions) == own
    assert len(extensions) >= 680
    birth_place = CORE + "patient-birthPlace"
    first = release.version if own else PACK_VERSION
    assert profile(definitions, birth_place)["version"] == first
    assert profile(definitions, f"{birth_place}|{PACK_VERSION}")["version"] == PACK_VERSION
    assert definitions.profile(f"{birth_place}|1.2.3") is None
    assert definitions.profile(CORE + "no-such-thing") is None
    assert definitions.profile(CORE + "Patient") is None, "a type is described by its structure"


@pytest.mark.parametrize("release", Release)
def test_every_profile_is_whole_and_without_prose(release: Release) -> None:
    definitions = definitions_of(release)
    differential = set()
    for url in definitions.profile_urls:
        found = profile(definitions, url)
        assert found["url"] == url
        assert found["resourceType"] == "StructureDefinition"
        form = "snapshot" if "snapshot" in found else "differential"
        if form == "differential":
            differential.add(found["id"])
        for element in found[form]["element"]:
            assert element["id"].startswith(found["type"])
            assert not element.keys() & {"short", "definition", "comment", "requirements", "mapping", "alias"}
            for binding in (element.get("binding", {}), *element.get("binding", {}).get("additional", ())):
                assert not binding.keys() & {"description", "documentation"}
    # HL7 published these two without a snapshot.
    assert differential == {"example-composition", "example-section-library"}


@pytest.mark.parametrize(
    ("release", "package"),
    [
        (Release.R4, "hl7.fhir.r4.core-4.0.1"),
        (Release.R4B, "hl7.fhir.r4b.core-4.3.0"),
        (Release.R5, "hl7.fhir.r5.core-5.0.0"),
    ],
)
def test_nothing_that_a_validator_reads_is_lost(release: Release, package: str) -> None:
    path = PACKAGES / f"{package}.tgz"
    if not path.exists():
        pytest.skip(f"{package} is not in .cache/packages: run tools/build_definitions.py once to fetch it.")
    definitions = definitions_of(release)
    seen = 0
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.name.startswith("package/StructureDefinition-"):
                continue
            stream = archive.extractfile(member)
            assert stream is not None
            published = json.load(stream)
            if published["kind"] == "logical":
                continue
            ours = definitions.profile(published["url"])
            if ours is None:
                assert published["id"] in definitions.resource_types + definitions.type_names + (
                    definitions.abstract_types
                )
                continue
            seen += 1
            assert ours.get("context") == published.get("context")
            assert ours.get("contextInvariant") == published.get("contextInvariant")
            form = "snapshot" if "snapshot" in published else "differential"
            pairs = zip(ours[form]["element"], published[form]["element"], strict=True)
            for our, their in pairs:
                kept = {
                    "id",
                    "path",
                    "min",
                    "max",
                    "sliceName",
                    "contentReference",
                    "representation",
                    "maxLength",
                }
                valued = {
                    key for key in their if key.startswith(("fixed", "pattern", "minValue", "maxValue"))
                }
                for key in kept | valued:
                    assert our.get(key) == their.get(key)
                assert [kind["code"] for kind in our.get("type", ())] == [
                    kind["code"] for kind in their.get("type", ())
                ]
                for key in ("profile", "targetProfile"):
                    assert [kind.get(key) for kind in our.get("type", ())] == [
                        kind.get(key) for kind in their.get("type", ())
                    ]
                assert our.get("binding", {}).get("valueSet") == their.get("binding", {}).get("valueSet")
                assert [
                    (r["key"], r["severity"], r.get("expression")) for r in our.get("constraint", ())
                ] == [(r["key"], r["severity"], r.get("expression")) for r in their.get("constraint", ())]
                assert our.get("slicing", {}).get("discriminator") == their.get("slicing", {}).get(
                    "discriminator"
                )
    assert seen > 60


def test_core_types_carry_bindings_of_every_strength_and_whole_invariants() -> None:
    observation = definitions_of(Release.R4).structure("Observation")
    code = observation.element("Observation.code")
    interpretation = observation.element("Observation.interpretation")
    assert code is not None
    assert interpretation is not None
    assert code.binding is not None
    assert interpretation.binding is not None
    assert (code.binding.strength, interpretation.binding.strength) == ("example", "extensible")
    patient = definitions_of(Release.R4).structure("Patient")
    language = patient.element("Patient.communication.language")
    assert language is not None
    assert language.binding is not None
    assert language.binding.max_value_set == "http://hl7.org/fhir/ValueSet/all-languages"
    rules = {rule.key: rule for rule in patient.elements[0].invariants}
    assert rules["dom-6"].is_best_practice
    assert not rules["dom-2"].is_best_practice
    assert rules["dom-2"].source == CORE + "DomainResource"


def test_a_file_of_records_reads_only_the_blocks_it_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import definition_files  # type: ignore[import-not-found, unused-ignore]

    records = {f"n{number}": {"text": "é" * 500, "number": number} for number in range(1000)}
    path = tmp_path / "some.jsonl.gz"
    path.write_bytes(definition_files.pack(definition_files.texts("Some", ["x#1"], records)))
    file = RecordFile(path)
    assert len(file.header["blocks"]) > 5
    assert [*file] == [*records]
    assert {name: json.loads(line) for name, line in file.items()} == records
    assert "n5" in file
    assert "x5" not in file
    with pytest.raises(KeyError):
        file["x5"]
    assert len(file._unpacked) <= 4
    (tmp_path / "other.gz").write_bytes(b"\x1f\x8b" + bytes(40))
    with pytest.raises(ValueError, match=r"other\.gz is not a file of records"):
        RecordFile(tmp_path / "other.gz")["n1"]


def test_one_profile_costs_milliseconds() -> None:
    script = (
        "import time; from fhir_vitiligo.fhir.release import Release\n"
        "from fhir_vitiligo.fhir.definitions import definitions_of\n"
        "began = time.process_time()\n"
        "assert definitions_of(Release.R4).profile('http://hl7.org/fhir/StructureDefinition/bp')\n"
        "print(time.process_time() - began)"
    )
    run = [sys.executable, "-c", script]
    times = [float(subprocess.run(run, check=True, capture_output=True, text=True).stdout) for _ in range(3)]
    assert min(times) < 0.02
