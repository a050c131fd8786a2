"""No false alarm on what was published or exported elsewhere."""

from __future__ import annotations

import bz2
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import loads, loads_object
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "packages"

# HL7's own examples that are broken, and how: each was looked at.
_NO_BASE = {"`SearchParameter` needs `base`, which is missing."}
_KNOWN_BROKEN = {
    **{
        f"SearchParameter-{kind}-extensions-{name}-{code}.json": _NO_BASE
        for kind, name in (("codesystem", "CodeSystem"), ("valueset", "ValueSet"))
        for code in ("author", "effective", "end", "keyword", "workflow")
    },
    "ImplementationGuide-fhir.json": {
        "`ImplementationGuide` needs `name`, which is missing.",
        "`ImplementationGuide` needs `status`, which is missing.",
    },
    "ig-r4.json": {
        "`ImplementationGuide` needs `name`, which is missing.",
        "`ImplementationGuide` needs `status`, which is missing.",
    },
    "Questionnaire-qs1.json": {"`Questionnaire.item` needs `linkId`, which is missing."},
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": {
        "`id` is 'questionnaireresponse-extensions-QuestionnaireResponse-item…', "
        "not an id: write 1 to 64 letters, digits, hyphens and dots."
    },
}


@pytest.mark.parametrize("number", range(3))
def test_synthea_bundles_pass(synthea_dir: Path, number: int) -> None:
    files = sorted(synthea_dir.glob("*.json.bz2"), key=lambda path: path.stat().st_size)
    # The smallest, one of the middle, and a large one.
    path = files[(0, len(files) // 2, -3)[number]]
    bundle = loads_object(bz2.decompress(path.read_bytes()))
    assert len(bundle["entry"]) > 20
    assert [str(issue) for issue in Validator(Release.R4).iter_issues(bundle)] == []


@pytest.fixture(scope="module")
def r4_examples() -> Iterator[Iterator[tuple[str, Any]]]:
    path = CACHE / "hl7.fhir.r4.examples-4.0.1.tgz"
    if not path.exists():
        pytest.skip(
            "the R4 examples are not cached: run tools/fhir_packages.py fetch hl7.fhir.r4.examples@4.0.1"
        )
    with tarfile.open(path) as archive:
        yield _resources(archive)


def _resources(archive: tarfile.TarFile) -> Iterator[tuple[str, Any]]:
    for member in archive:
        name = member.name.rpartition("/")[2]
        stream = archive.extractfile(member) if name.endswith(".json") and not name.startswith(".") else None
        if stream is not None:
            try:
                content = loads(stream.read())
            except InputError as error:
                pytest.fail(f"{name} cannot be read: {error}")
            if "resourceType" in content:
                yield name, content


def test_r4_examples_pass_but_for_those_that_are_broken(r4_examples: Iterator[tuple[str, Any]]) -> None:
    validator = Validator(Release.R4)
    told: dict[str, set[str]] = {}
    count = 0
    for name, resource in r4_examples:
        count += 1
        if issues := validator.validate(resource):
            told[name] = {issue.text for issue in issues}
    assert count == 5306
    assert told == _KNOWN_BROKEN
