"""Our expansions of core's value sets against those that HL7 publishes (packages ``hl7.fhir.*.expansions``)."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.terminology.value_sets import Terminology

PACKAGES = Path(__file__).resolve().parents[2] / ".cache" / "packages"
PUBLISHED = {
    Release.R4: "hl7.fhir.r4.expansions-4.0.1",
    Release.R4B: "hl7.fhir.r4b.expansions-4.3.0",
    Release.R5: "hl7.fhir.r5.expansions-5.0.0",
}
# HL7 cut this one: 5,931 LOINC codes are listed in the value set, 530 in its expansion.
CUT = {"http://hl7.org/fhir/ValueSet/c80-doc-typecodes"}


def expansions(package: str) -> Iterator[Json]:
    path = PACKAGES / f"{package}.tgz"
    if not path.exists():
        name, _, version = package.rpartition("-")
        pytest.skip(f"{package} is not here: run `python tools/fhir_packages.py fetch {name}@{version}`.")
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".json") else None
            resource = json.load(stream) if stream is not None else {}
            if resource.get("resourceType") == "ValueSet" and "expansion" in resource:
                yield resource


def codes(contains: list[Json]) -> Iterator[tuple[str, str]]:
    for entry in contains:
        if "code" in entry and not entry.get("abstract"):
            yield entry["system"], entry["code"]
        yield from codes(entry.get("contains", []))


# Equal, and changed since: the numbers are what they were when this was written, a ratchet.
@pytest.mark.parametrize(
    ("release", "equal", "moved_on"), [(Release.R4, 437, 50), (Release.R4B, 529, 47), (Release.R5, 648, 25)]
)
def test_expansions_are_those_that_hl7_publishes(release: Release, equal: int, moved_on: int) -> None:
    board = Terminology(release)
    same = changed = 0
    for published in expansions(PUBLISHED[release]):
        value_set = board.value_set(published["url"])
        if value_set is None or value_set.gaps or published["url"] in CUT:
            continue
        theirs = set(codes(published["expansion"].get("contains", [])))
        # Where nested entries are not wanted, HL7's expander leaves headings out.
        ours = set(codes(list(board.expand(value_set).contains)))
        if ours == theirs:
            same += 1
            continue
        # HL7 Terminology has gone on since; what core defines itself is what it was.
        moved = {name for name, _ in ours ^ theirs}
        assert all(name.startswith("http://terminology.hl7.org/") for name in moved), published["url"]
        changed += 1
    assert (same, changed) == (equal, moved_on)
