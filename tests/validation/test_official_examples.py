"""What is told of resources that were published or exported elsewhere."""

from __future__ import annotations

import bz2
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import loads, loads_object
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from fhir_vitiligo.validation.context import Options

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "packages"
PACKAGES = {
    Release.R4: "hl7.fhir.r4.examples-4.0.1.tgz",
    Release.R5: "hl7.fhir.r5.examples-5.0.0.tgz",
}
# Their addresses are examples, and those of packages that are not loaded.
LENIENT = Options(any_extension=True, examples=True)
# Definitions: a package of their own kind, and ten times as many.
_CONFORMANCE = frozenset(
    (
        *("CapabilityStatement", "CodeSystem", "CompartmentDefinition", "ConceptMap", "ExampleScenario"),
        *("GraphDefinition", "ImplementationGuide", "MessageDefinition", "NamingSystem"),
        *("OperationDefinition", "SearchParameter", "StructureDefinition", "StructureMap"),
        *("TerminologyCapabilities", "TestScript", "ValueSet"),
        *("ActorDefinition", "Requirements", "SubscriptionTopic"),
    )
)


def flagged_file(release: Release) -> Path:
    return HERE / f"flagged_{release.value}.yaml"


def errors(validator: Validator, resource: Any) -> list[Any]:
    return [issue for issue in validator.validate(resource) if issue.severity in ("error", "fatal")]


@pytest.mark.parametrize("number", range(3))
def test_synthea_bundles_pass(synthea_dir: Path, number: int) -> None:
    files = sorted(synthea_dir.glob("*.json.bz2"), key=lambda path: path.stat().st_size)
    # The smallest, one of the middle, and a large one.
    path = files[(0, len(files) // 2, -3)[number]]
    bundle = loads_object(bz2.decompress(path.read_bytes()))
    assert len(bundle["entry"]) > 20
    assert {issue.rule for issue in errors(Validator("r4", (), LENIENT), bundle)} <= _SYNTHEA_FAULTS


# Synthea has displays of its own: "vital-signs" where HL7's code system says Vital Signs.
# Its DICOM classes are OIDs without urn:oid:, which are no URIs, and so many that not all are told.
_SYNTHEA_FAULTS = frozenset({"display", "code-unknown", "depth"})


def examples(release: Release) -> Iterator[tuple[str, Any]]:
    """The examples of a release that are no definitions, by file name."""
    path = CACHE / PACKAGES[release]
    if not path.exists():
        name, _, version = PACKAGES[release].removesuffix(".tgz").rpartition("-")
        pytest.skip(
            f"the examples of {release.name} are not cached: run tools/fhir_packages.py fetch {name}@{version}"
        )
    with tarfile.open(path) as archive:
        for member in archive:
            name = member.name.rpartition("/")[2]
            stream = archive.extractfile(member) if name.endswith(".json") and name[0] != "." else None
            if stream is None:
                continue
            try:
                content = loads(stream.read())
            except InputError as error:
                pytest.fail(f"{name} cannot be read: {error}")
            if "resourceType" in content and content["resourceType"] not in _CONFORMANCE:
                yield name, content


def flagged(release: Release) -> dict[str, list[str]]:
    """The rules that each example breaks."""
    validator = Validator(release, (), LENIENT)
    return {
        name: sorted({str(issue.rule) for issue in found})
        for name, resource in examples(release)
        if (found := errors(validator, resource))
    }


@pytest.mark.parametrize("release", PACKAGES, ids=lambda release: release.name)
def test_the_examples_flagged_are_those_that_are_broken(release: Release) -> None:
    """The lists were held against HL7's engine: it flags the same ones, but for those that docs/validation.md names."""
    assert flagged(release) == yaml.safe_load(flagged_file(release).read_text(encoding="utf-8"))


if __name__ == "__main__":
    for one in PACKAGES:
        written = yaml.safe_dump(flagged(one), default_flow_style=None, width=110)
        head = f"# {one.name} examples (no definitions) with errors, and the rules they break.\n"
        flagged_file(one).write_text(f"{head}{written}", encoding="utf-8")
