"""The compact core definitions hold what the published packages say, load fast, and can be made again."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.fhir.definitions import CORE, definitions_of
from fhir_vitiligo.fhir.release import Release

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "fhir_vitiligo" / "definitions"
PACKAGES = ROOT / ".cache" / "packages"
R4 = definitions_of(Release.R4)


@pytest.mark.parametrize(
    ("release", "resources", "primitives", "datatypes", "searches"),
    [(Release.R4, 146, 20, 39, 1376), (Release.R4B, 141, 20, 40, 1414), (Release.R5, 158, 21, 42, 1239)],
)
def test_each_release_has_its_types(
    release: Release, resources: int, primitives: int, datatypes: int, searches: int
) -> None:
    definitions = definitions_of(release)
    assert len(definitions.resource_types) == resources
    assert len(definitions.primitive_types) == primitives
    assert len(definitions.complex_types) == datatypes
    assert len(definitions.all_search_parameters) == searches
    assert definitions.resource_types == tuple(sorted(definitions.resource_types))
    assert "DomainResource" not in definitions.resource_types
    assert "SimpleQuantity" not in definitions.type_names


def test_types_come_and_go_between_releases() -> None:
    by_release = {release: set(definitions_of(release).resource_types) for release in Release}
    assert "EffectEvidenceSynthesis" in by_release[Release.R4] - by_release[Release.R4B]
    assert "Citation" in by_release[Release.R4B] - by_release[Release.R4]
    assert "Media" in by_release[Release.R4B] - by_release[Release.R5]
    assert "integer64" in definitions_of(Release.R5).primitive_types


@pytest.mark.parametrize("release", Release)
def test_every_type_of_every_release_can_be_read(release: Release) -> None:
    definitions = definitions_of(release)
    for name in (*definitions.resource_types, *definitions.type_names, *definitions.abstract_types):
        structure = definitions.structure(name)
        assert structure.elements[0].path == name
        for element in structure.elements:
            assert element.max is None or element.min <= element.max
            if element.content_reference:
                assert structure.element(element.content_reference) is not None
            for type_ref in element.types:
                assert type_ref.code in (*definitions.type_names, *definitions.abstract_types, *("xhtml",))


def test_an_element_tells_cardinality_types_and_binding() -> None:
    value = R4.structure("Observation").element("Observation.value[x]")
    assert value is not None
    assert value.is_choice
    assert value.name == "value"
    assert [type_ref.code for type_ref in value.types] == [
        *("Quantity", "CodeableConcept", "string", "boolean", "integer", "Range"),
        *("Ratio", "SampledData", "time", "dateTime", "Period"),
    ]
    subject = R4.structure("Condition").element("Condition.subject")
    assert subject is not None
    assert (subject.min, subject.max) == (1, 1)
    assert subject.types[0].target_profiles == (CORE + "Patient", CORE + "Group")
    repeated = R4.structure("Observation").element("Observation.component.referenceRange")
    assert repeated is not None
    assert repeated.max is None
    assert repeated.content_reference == "Observation.referenceRange"


def test_children_are_one_step_below() -> None:
    names = [element.name for element in R4.structure("Patient").children("Patient.communication")]
    assert names == ["id", "extension", "modifierExtension", "language", "preferred"]
    assert R4.structure("Patient").children("Patient.name") == ()


def test_invariants_are_inherited_at_the_root_and_own_elsewhere() -> None:
    patient = R4.structure("Patient")
    assert [invariant.key for invariant in patient.elements[0].invariants] == [
        *("dom-2", "dom-3", "dom-4", "dom-5", "dom-6"),
    ]
    contact = patient.element("Patient.contact")
    assert contact is not None
    assert [(rule.key, rule.severity) for rule in contact.invariants] == [("pat-1", "error")]
    assert "name.exists()" in contact.invariants[0].expression
    quantity_rules = [rule.key for rule in R4.structure("Age").elements[0].invariants]
    assert quantity_rules == ["ele-1", "qty-3", "age-1"]


def test_search_parameters_of_a_type_include_the_inherited_ones() -> None:
    parameters = R4.search_parameters("Observation")
    patient = parameters["patient"]
    assert patient.type == "reference"
    assert "Observation.subject.where(resolve() is Patient)" in patient.expression
    assert patient.target == ("Group", "Patient")
    assert patient.url == "http://hl7.org/fhir/SearchParameter/clinical-patient"
    assert {"_id", "_lastUpdated", "_text", "code", "value-quantity"} <= parameters.keys()
    assert "_text" not in R4.search_parameters("Bundle")
    assert R4.search_parameters("Vitiligo") == {}
    composite = parameters["code-value-quantity"]
    assert [R4.all_search_parameters[name].code for name, _ in composite.components] == [
        "code",
        "value-quantity",
    ]
    assert composite.multiple_or is False
    assert R4.search_parameters("Location")["near"].processing_mode == "nearby"


@pytest.mark.parametrize(
    ("release", "unknown"),
    [
        (Release.R4, set()),
        (Release.R4B, set()),
        # R5 was published with these: the parameters they name were renamed or never made.
        (
            Release.R5,
            {
                *(
                    "DeviceDefinition-version",
                    "Encounter-period",
                    "Ingredient-numerator",
                    "Ingredient-denominator",
                ),
                *(
                    "Observation-value-string",
                    "ResearchStudy-state",
                    "ResearchStudy-actual",
                    "ResearchStudy-period",
                ),
                *("TestScript-artifact", "TestScript-conformance", "TestScript-phase"),
            },
        ),
    ],
)
def test_composites_name_parameters_that_exist(release: Release, unknown: set[str]) -> None:
    everything = definitions_of(release).all_search_parameters
    composites = [parameter for parameter in everything.values() if parameter.type == "composite"]
    assert len(composites) > 20
    named = {part for composite in composites for part, _ in composite.components}
    assert named - everything.keys() == unknown


def test_compartments_and_operations() -> None:
    assert R4.compartment("Patient")["Observation"] == ("subject", "performer")
    assert "Medication" not in R4.compartment("Patient")
    everything = R4.operations["Patient-everything"]
    assert (everything.code, everything.type, everything.instance) == ("everything", True, True)
    assert everything.parameters[0].name == "start"


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(KeyError, match="Citation is not a type of FHIR R4"):
        R4.structure("Citation")


def test_the_files_tell_their_origin_and_stay_small() -> None:
    files = sorted(DATA.rglob("*.jsonl.gz"))
    assert len(files) == 26
    assert sum(path.stat().st_size for path in files) < 2_500_000
    for path in files:
        packed = path.read_bytes()
        assert packed[4:8] == bytes(4), f"{path.name} carries a build time"
        header = json.loads(gzip.decompress(packed).partition(b"\n")[0])
        assert header["made by"] == "tools/build_definitions.py"
        assert all("#" in package for package in header["made from"])


def test_loading_is_cheap() -> None:
    # A process of its own: nothing may be loaded yet. Processor time, because neighbours do not change it.
    script = (
        "import time; from fhir_vitiligo.fhir.release import Release\n"
        "from fhir_vitiligo.fhir.definitions import definitions_of\n"
        "began = time.process_time(); found = definitions_of(Release.R4)\n"
        "assert found.resource_types and found.search_parameters('Observation')\n"
        "print(time.process_time() - began)"
    )
    runs = [
        float(
            subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
        )
        for _ in range(3)
    ]
    assert min(runs) < 0.05


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import build_definitions  # type: ignore[import-not-found, unused-ignore]

    return build_definitions


@pytest.fixture
def packages() -> Path:
    for name in ("hl7.fhir.r4b.core-4.3.0.tgz", "hl7.terminology.r4-7.0.1.tgz"):
        if not (PACKAGES / name).exists():
            pytest.skip(f"{name} is not in .cache/packages: run tools/build_definitions.py once to fetch it.")
    return PACKAGES


def test_a_rebuild_gives_what_is_committed(builder: Any, packages: Path) -> None:
    files = builder.build(packages, ["r4b"])
    assert len(files) == 6
    for name, members in files.items():
        text = gzip.decompress((DATA / name).read_bytes())
        assert text == b"".join(members), f"{name} is not what its packages make"


def test_the_check_names_what_differs(builder: Any, tmp_path: Path) -> None:
    text = builder.texts("Some records", ["x#1"], {"b": {"code": "b"}, "a": {"code": "a"}})
    files = {"r4/search.jsonl.gz": text, "r4/index.jsonl.gz": text}
    (tmp_path / "r4").mkdir()
    (tmp_path / "r4" / "search.jsonl.gz").write_bytes(builder.pack([*text, b"{}\n"]))
    (tmp_path / "r4" / "old.jsonl.gz").write_bytes(builder.pack(text))
    remedy = "Run tools/build_definitions.py and commit the result."
    assert builder.differences(files, tmp_path) == [
        "r4/search.jsonl.gz is not what its packages make. " + remedy,
        "r4/index.jsonl.gz is missing. " + remedy,
        "r4/old.jsonl.gz is made by nothing: delete it.",
    ]
    for name in files:
        (tmp_path / name).write_bytes(builder.pack(text))
    (tmp_path / "r4" / "old.jsonl.gz").unlink()
    assert builder.differences(files, tmp_path) == []
