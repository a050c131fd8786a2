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
FLAGGED = HERE / "flagged_r4.yaml"
# Their addresses are examples, and those of packages that are not loaded.
LENIENT = Validator(Release.R4, (), Options(any_extension=True, examples=True))
# Definitions: a package of their own kind, and ten times as many.
_CONFORMANCE = frozenset(
    (
        *("CapabilityStatement", "CodeSystem", "CompartmentDefinition", "ConceptMap", "ExampleScenario"),
        *("GraphDefinition", "ImplementationGuide", "MessageDefinition", "NamingSystem"),
        *("OperationDefinition", "SearchParameter", "StructureDefinition", "StructureMap"),
        *("TerminologyCapabilities", "TestScript", "ValueSet"),
    )
)


def errors(resource: Any) -> list[Any]:
    return [issue for issue in LENIENT.validate(resource) if issue.severity in ("error", "fatal")]


@pytest.mark.parametrize("number", range(3))
def test_synthea_bundles_pass(synthea_dir: Path, number: int) -> None:
    files = sorted(synthea_dir.glob("*.json.bz2"), key=lambda path: path.stat().st_size)
    # The smallest, one of the middle, and a large one.
    path = files[(0, len(files) // 2, -3)[number]]
    bundle = loads_object(bz2.decompress(path.read_bytes()))
    assert len(bundle["entry"]) > 20
    assert {issue.rule for issue in errors(bundle)} <= _SYNTHEA_FAULTS


# Synthea has displays of its own: "vital-signs" where HL7's code system says Vital Signs.
# Its DICOM classes are OIDs without urn:oid:, which are no URIs, and so many that not all are told.
_SYNTHEA_FAULTS = frozenset({"display", "code-unknown", "depth"})


def examples() -> Iterator[tuple[str, Any]]:
    """The R4 examples that are no definitions, by file name."""
    path = CACHE / "hl7.fhir.r4.examples-4.0.1.tgz"
    if not path.exists():
        pytest.skip(
            "the R4 examples are not cached: run tools/fhir_packages.py fetch hl7.fhir.r4.examples@4.0.1"
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


def flagged() -> dict[str, list[str]]:
    """The rules that each example breaks."""
    return {
        name: sorted({str(issue.rule) for issue in found})
        for name, resource in examples()
        if (found := errors(resource))
    }


def test_the_examples_flagged_are_those_that_are_broken() -> None:
    """The list was held against HL7's engine: it flags the same ones but for those it marks with a reason."""
    assert flagged() == yaml.safe_load(FLAGGED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    told = yaml.safe_dump(flagged(), default_flow_style=None, width=110)
    FLAGGED.write_text(f"# R4 examples (no definitions) with errors, and the rules they break.\n{told}")
