"""Makes the compact core definitions of R4, R4B and R5 in ``fhir_vitiligo/definitions/``.

    python tools/build_definitions.py [CACHE]            # writes; packages are fetched into CACHE
    (.cache/packages) python tools/build_definitions.py [CACHE] --check    # rebuilds and compares with what
    is committed

Each part is ``<release>/<part>.jsonl.gz``: the first line says what it is, from which packages and by what it
was made, and names the records that follow, one a line, in blocks that can be read alone
(``definition_files.py``). No prose is carried, except the one sentence that an invariant tells its user.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from definition_files import pack, texts
from definition_profiles import profile_records
from definition_search import compartment_records, operation_records, search_records
from definition_structures import type_records
from definition_terminology import code_system_records, value_set_records
from fhir_packages import CACHE, PackageError, fetch

Record = dict[str, Any]
Source = tuple[str, str]

DESTINATION = Path(__file__).resolve().parent.parent / "fhir_vitiligo" / "definitions"
CORE: dict[str, Source] = {
    "r4": ("hl7.fhir.r4.core", "4.0.1"),
    "r4b": ("hl7.fhir.r4b.core", "4.3.0"),
    "r5": ("hl7.fhir.r5.core", "5.0.0"),
}
# HL7 makes none for R4B and means those for R4. Its terminology package says the same for R4 and R5.
EXTENSION_PACKS: dict[str, Source] = {
    "r4": ("hl7.fhir.uv.extensions.r4", "5.3.0-ballot-tc1"),
    "r5": ("hl7.fhir.uv.extensions.r5", "5.3.0-ballot-tc1"),
}
TERMINOLOGY: Source = ("hl7.terminology.r4", "7.0.1")


class Packages:
    """The packages of a cache folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self.read = cache(lambda source: [*_resources(fetch(*source, folder))])

    def of_type(self, source: Source, *resource_types: str) -> list[Record]:
        return [resource for resource in self.read(source) if resource["resourceType"] in resource_types]


def _resources(package: Path) -> Iterator[Record]:
    """Every resource of the package's own folder by file name; other folders hold other things."""
    with tarfile.open(package) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            folder, _, name = member.name.rpartition("/")
            stream = archive.extractfile(member) if folder == "package" and name.endswith(".json") else None
            if stream is not None and not name.startswith("."):
                content = json.load(stream)
                if isinstance(content, dict) and "resourceType" in content:
                    yield content


def core_parts(packages: Packages, release: str) -> dict[str, dict[str, Any]]:
    """The records of one release's core by part."""
    core = CORE[release]
    structures = type_records(packages.of_type(core, "StructureDefinition"))
    index = {
        "types": {
            name: [
                record["kind"],
                record.get("base"),
                record.get("abstract", False),
                record.get("derivation"),
            ]
            for name, record in sorted(structures.items())
        },
        "compartments": compartment_records(packages.of_type(core, "CompartmentDefinition")),
        "operations": operation_records(packages.of_type(core, "OperationDefinition")),
    }
    return {
        "index": index,
        "search": search_records(packages.of_type(core, "SearchParameter")),
        "structures": dict(sorted(structures.items())),
        "profiles": profile_records(packages.of_type(core, "StructureDefinition"), structures),
        **terminology_parts(packages, core, packages.of_type(TERMINOLOGY, "CodeSystem", "ValueSet")),
    }


def terminology_parts(
    packages: Packages, source: Source, newer: Iterable[Record] = ()
) -> dict[str, dict[str, Any]]:
    """Code systems and value sets; not those whose url ``newer`` has too.

    Core's copies of what HL7 Terminology maintains are older; HL7's engine drops them as well.
    """
    replaced = {(one["resourceType"], one["url"]) for one in newer}
    kept = [
        one
        for one in packages.of_type(source, "CodeSystem", "ValueSet")
        if (one["resourceType"], one["url"]) not in replaced
    ]
    return {
        "code_systems": code_system_records(one for one in kept if one["resourceType"] == "CodeSystem"),
        "value_sets": value_set_records(one for one in kept if one["resourceType"] == "ValueSet"),
    }


def pack_parts(packages: Packages, source: Source) -> dict[str, dict[str, Any]]:
    """The records of an extension pack by part."""
    profiles = profile_records(packages.of_type(source, "StructureDefinition"), {})
    return {"profiles": profiles, **terminology_parts(packages, source)}


def build(cache_folder: Path, folders: Iterable[str] | None = None) -> dict[str, list[bytes]]:
    """The texts of every file, or of those in ``folders``, by its path below the destination."""
    packages = Packages(cache_folder)
    files = {}
    for folder, source, made in _contents(packages):
        if folders is None or folder in folders:
            for part, records in made().items():
                files[f"{folder}/{part}.jsonl.gz"] = texts(f"{folder}: {part}", ["#".join(source)], records)
    return files


def _contents(packages: Packages) -> Iterator[tuple[str, Source, Callable[[], dict[str, dict[str, Any]]]]]:
    """Each folder, its package, and what makes its parts."""
    for release, source in CORE.items():
        yield release, source, partial(core_parts, packages, release)
    for release, source in EXTENSION_PACKS.items():
        yield f"extensions-{release}", source, partial(pack_parts, packages, source)
    yield "terminology", TERMINOLOGY, partial(terminology_parts, packages, TERMINOLOGY)


def differences(files: dict[str, list[bytes]], destination: Path) -> list[str]:
    """A sentence for every file that is not what a full rebuild makes.

    The unpacked text is compared: zlib's releases pack the same text into different bytes.
    """
    faults = []
    remedy = "Run tools/build_definitions.py and commit the result."
    for name, members in files.items():
        path = destination / name
        if not path.exists():
            faults.append(f"{name} is missing. {remedy}")
        elif gzip.decompress(path.read_bytes()) != b"".join(members):
            faults.append(f"{name} is not what its packages make. {remedy}")
    stray = {str(path.relative_to(destination)) for path in destination.rglob("*.gz")} - files.keys()
    faults.extend(f"{name} is made by nothing: delete it." for name in sorted(stray))
    return faults


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the compact core definitions.")
    parser.add_argument("cache", nargs="?", type=Path, default=CACHE)
    parser.add_argument("--check", action="store_true", help="compare with what is committed, write nothing")
    options = parser.parse_args(arguments)
    try:
        files = build(options.cache)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        faults = differences(files, DESTINATION)
        print("\n".join(faults) or "The committed definitions are what their packages make.")
        return 1 if faults else 0
    for name, members in files.items():
        path = DESTINATION / name
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = pack(members)
        path.write_bytes(packed)
        print(f"{name:28} {sum(map(len, members)):>10,} bytes, packed {len(packed):>9,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
