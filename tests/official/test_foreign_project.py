"""Somebody else's FSH project derives a profile from ours: our package, built as a wheel, installed into a
cache of FHIR packages, and read from there by SUSHI and by HL7's engine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fhir_vitiligo as fv

from .build import ROOT, missing_programs
from .engine import OURS, OfficialEngine

pytestmark = pytest.mark.official

Json = dict[str, Any]
CANONICAL = "https://w3id.org/fhir-vitiligo"
FOREIGN = "https://clinic.example.org/fhir"
RELEASES = ("r4", "r5")
NAME = {"r4": "fhir.vitiligo", "r5": "fhir.vitiligo.r5"}
CORE = {
    "r4": ("4.0.1", "hl7.fhir.r4.core#4.0.1", "hl7.terminology.r4#7.0.1"),
    "r5": ("5.0.0", "hl7.fhir.r5.core#5.0.0", "hl7.terminology.r5#7.0.1"),
}
PACK = {
    "r4": "hl7.fhir.uv.extensions.r4#5.3.0-ballot-tc1",
    "r5": "hl7.fhir.uv.extensions.r5#5.3.0-ballot-tc1",
}

# A clinic wants a stated class, a subtype, and its own note of who saw the patient; and a score of the
# instruments that it uses.
FSH = f"""\
Alias: $Vitiligo = {CANONICAL}/CodeSystem/vitiligo

Extension: SeenBy
Id: seen-by
Title: "Seen by"
Description: "Who saw the patient."
Context: Condition
* value[x] only string

Profile: ClinicVitiligo
Parent: {CANONICAL}/StructureDefinition/vitiligo-condition
Id: clinic-vitiligo
Title: "Vitiligo at the clinic"
Description: "Segmental vitiligo with a site."
* code = $Vitiligo#vgicc-class.segmental
* bodySite 1..*
* extension contains SeenBy named seenBy 0..1

Profile: ClinicScore
Parent: {CANONICAL}/StructureDefinition/vitiligo-score
Id: clinic-score
Title: "Score at the clinic"
Description: "One of the scores that the clinic uses."
* code from ClinicInstruments (required)

ValueSet: ClinicInstruments
Id: clinic-instruments
Title: "Instruments of the clinic"
Description: "VETF in all its forms, and VIDA."
* ^experimental = false
* include codes from valueset {CANONICAL}/ValueSet/vitiligo-instrument-vetf
* $Vitiligo#instrument.vida
"""


def sushi() -> Path:
    """SUSHI as ``tools/build_profiles.sh`` installs it, which is called where it has not been yet."""
    pattern = "*/node_modules/.bin/sushi"
    if not list((ROOT / ".cache" / "sushi").glob(pattern)):
        subprocess.run(
            [str(ROOT / "tools" / "build_profiles.sh"), "--check"], capture_output=True, check=False
        )
    found = sorted((ROOT / ".cache" / "sushi").glob(pattern))
    assert found, "tools/build_profiles.sh has installed no SUSHI"
    return found[-1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a wheel of the project is unpacked in."""
    if missing := missing_programs():
        pytest.skip(f"a foreign project needs {', '.join(missing)}, which are not installed")
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(folder), str(ROOT)], check=True, timeout=600)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


@pytest.fixture(scope="module")
def home(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home with the packages that SUSHI needs, and ours from the wheel."""
    home = tmp_path_factory.mktemp("home")
    cache = home / ".fhir" / "packages"
    cache.mkdir(parents=True)
    for release in RELEASES:
        for name in (*CORE[release][1:], PACK[release]):
            package, _, version = name.partition("#")
            tool = [sys.executable, str(ROOT / "tools" / "fhir_packages.py"), "home"]
            subprocess.run([*tool, str(home), f"{package}@{version}"], check=True, capture_output=True)
        code = "import fhir_vitiligo, fhir_vitiligo.cli as cli; print(fhir_vitiligo.__file__); cli.main()"
        done = subprocess.run(
            [sys.executable, "-c", code, "package", "--release", release, "--install"],
            env={**os.environ, "HOME": str(home), "PYTHONPATH": str(installed)},
            cwd=home,
            check=True,
            capture_output=True,
            text=True,
        )
        program, folder = done.stdout.splitlines()
        assert Path(program).is_relative_to(installed), "the checkout was run, not the wheel"
        assert Path(folder).parent == cache
    return home


def version(release: str) -> str:
    (package,) = OURS[release]
    return str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])


def compile_foreign(release: str, fsh: str, home: Path, project: Path) -> tuple[int, str]:
    """SUSHI's exit code and report."""
    (project / "input" / "fsh").mkdir(parents=True)
    (project / "input" / "fsh" / "clinic.fsh").write_text(fsh, encoding="utf-8")
    config = {
        "canonical": FOREIGN,
        "status": "draft",
        "version": "1.0.0",
        "fhirVersion": CORE[release][0],
        "FSHOnly": True,
        "dependencies": {
            NAME[release]: version(release),
            # What SUSHI would else ask a package server for.
            f"hl7.terminology.{release}": "7.0.1",
            f"hl7.fhir.uv.extensions.{release}": "5.3.0-ballot-tc1",
        },
    }
    (project / "sushi-config.yaml").write_text(json.dumps(config), encoding="utf-8")
    done = subprocess.run(
        [str(sushi()), "build", "--snapshot", str(project)],
        env={
            **os.environ,
            "HOME": str(home),
            "FPL_REGISTRY": "http://127.0.0.1:9",
            "npm_config_offline": "true",
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def foreign(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The folder of what the foreign project compiles to, by release."""
    compiled = {}
    for release in RELEASES:
        project = tmp_path_factory.mktemp("foreign")
        status, report = compile_foreign(release, FSH, home, project)
        assert status == 0, report
        assert " 0 Errors" in report, report
        warnings = [line for line in report.splitlines() if line.startswith("warn")]
        # SUSHI wants this one by itself; it is not on npm, and nothing here uses it.
        assert all("hl7.fhir.uv.tools" in line for line in warnings), warnings
        compiled[release] = project / "fsh-generated" / "resources"
    yield compiled
    for folder in compiled.values():
        shutil.rmtree(folder.parent.parent, ignore_errors=True)


@pytest.mark.parametrize("release", RELEASES)
def test_a_foreign_profile_derives_from_ours(foreign: dict[str, Path], release: str) -> None:
    text = (foreign[release] / "StructureDefinition-clinic-vitiligo.json").read_text(encoding="utf-8")
    profile = json.loads(text)
    assert profile["baseDefinition"] == f"{CANONICAL}/StructureDefinition/vitiligo-condition"
    elements = {element["id"]: element for element in profile["snapshot"]["element"]}
    assert elements["Condition.bodySite"]["min"] == 1
    (coding,) = elements["Condition.code"]["patternCodeableConcept"]["coding"]
    assert coding["system"] == f"{CANONICAL}/CodeSystem/vitiligo"
    ours = json.loads((OURS[release][0] / "StructureDefinition-vitiligo-condition.json").read_text("utf-8"))
    assert {element["id"] for element in ours["snapshot"]["element"]} < elements.keys()


@pytest.fixture(scope="module")
def engine_with_foreign(foreign: dict[str, Path]) -> Iterator[OfficialEngine]:
    """HL7's engine with our package and the foreign project's."""
    with OfficialEngine({release: [*OURS[release], foreign[release]] for release in RELEASES}) as engine:
        yield engine


@pytest.mark.parametrize("release", RELEASES)
def test_what_we_write_follows_a_foreign_profile_or_is_told_what_is_missing(
    engine_with_foreign: OfficialEngine, release: str
) -> None:
    resources = fv.Mapper(release).resources(fv.example("case-report"))
    condition = next(one for one in resources if one["resourceType"] == "Condition")
    score = next(one for one in resources if one.get("code", {}).get("text", "").endswith("(VETF)"))
    vasi = next(
        one
        for one in fv.Mapper(release).resources(fv.example("nsv-nbuvb"))
        if one["resourceType"] == "Observation" and "vitiligo-vasi" in str(one["meta"])
    )
    siteless = {name: value for name, value in condition.items() if name != "bodySite"}

    def errors(resource: Json, profile: str) -> set[str | None]:
        url = f"{FOREIGN}/StructureDefinition/{profile}"
        return {issue.message_id for issue in engine_with_foreign.errors(release, resource, [url])}

    assert errors(condition, "clinic-vitiligo") == set()
    assert errors(siteless, "clinic-vitiligo") == {"Validation_VAL_Profile_Minimum"}
    assert errors(score, "clinic-score") == set()
    assert "Terminology_TX_NoValid_1_CC" in errors(vasi, "clinic-score")


def test_a_rule_that_ours_does_not_allow_is_refused(home: Path, tmp_path: Path) -> None:
    # Core allows Period for the onset, our profile does not.
    fsh = FSH.replace("* bodySite 1..*", "* onset[x] only Period")
    status, report = compile_foreign("r4", fsh, home, tmp_path)
    assert status == 1
    assert "Period" in report, report
