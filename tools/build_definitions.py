"""Makes the compact core definitions of R4, R4B and R5 in ``fhir_vitiligo/definitions/``.

    python tools/build_definitions.py [CACHE]            # writes; packages are fetched into CACHE
    (.cache/packages) python tools/build_definitions.py [CACHE] --check    # rebuilds and compares with what
    is committed

Each part is ``<release>/<part>.jsonl.gz``: the first line says what it is, from which packages and by what it
was made, and names the records that follow, one a line. No prose is carried, except the one sentence that an
invariant tells its user.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from definition_search import compartment_records, operation_records, search_records
from definition_structures import extension_records, type_records
from definition_value_sets import Terminology
from fhir_packages import CACHE, PackageError, fetch

Record = dict[str, Any]

DESTINATION = Path(__file__).resolve().parent.parent / "fhir_vitiligo" / "definitions"
FORMAT = 1
# Where a code system is missing or a stub in core, HL7's terminology package of the nearest release has it.
SOURCES = {
    "r4": (("hl7.fhir.r4.core", "4.0.1"), ("hl7.terminology.r4", "7.0.1")),
    "r4b": (("hl7.fhir.r4b.core", "4.3.0"), ("hl7.terminology.r4", "7.0.1")),
    "r5": (("hl7.fhir.r5.core", "5.0.0"), ("hl7.terminology.r5", "7.0.1")),
}


def read(package: Path) -> Iterator[Record]:
    """Every resource of the package's own folder by file name; other folders hold other things."""
    with tarfile.open(package) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            folder, _, name = member.name.rpartition("/")
            stream = archive.extractfile(member) if folder == "package" and name.endswith(".json") else None
            if stream is not None and not name.startswith("."):
                content = json.load(stream)
                if isinstance(content, dict) and "resourceType" in content:
                    yield content


def parts(core: list[Record], terminology: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """The records of one release by part; ``terminology`` has the code systems that core lacks."""
    by_type: dict[str, list[Record]] = {}
    for resource in core:
        by_type.setdefault(resource["resourceType"], []).append(resource)
    structures = type_records(by_type["StructureDefinition"])
    extensions = extension_records(by_type["StructureDefinition"])
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
        "compartments": compartment_records(by_type["CompartmentDefinition"]),
        "operations": operation_records(by_type["OperationDefinition"]),
    }
    bound = set(bound_value_sets([*structures.values(), *extensions.values()]))
    return {
        "index": index,
        "search": search_records(by_type["SearchParameter"]),
        "structures": dict(sorted(structures.items())),
        "extensions": extensions,
        "value_sets": Terminology([*core, *terminology]).records(bound),
    }


def bound_value_sets(record: Any) -> Iterator[str]:
    """The urls of every required or maximum binding below."""
    if isinstance(record, list):
        for item in record:
            yield from bound_value_sets(item)
    elif isinstance(record, dict):
        strength, *urls = record.get("binding", ["none"])
        yield from urls if strength == "required" else urls[1:]
        for key, value in record.items():
            if key != "binding":
                yield from bound_value_sets(value)


def lines(release: str, part: str, records: dict[str, Any]) -> bytes:
    """The text of one part's file."""
    header = {
        "content": f"FHIR {release.upper()} core definitions: {part}",
        "made by": "tools/build_definitions.py",
        "made from": ["#".join(source) for source in SOURCES[release]],
        "format": FORMAT,
        "names": list(records),
    }
    return b"".join(_json(line) + b"\n" for line in (header, *records.values()))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def build(cache: Path, releases: Iterable[str] = tuple(SOURCES)) -> dict[str, bytes]:
    """The text of every file of these releases, by its path below the destination."""
    files = {}
    for release in releases:
        core, *others = ([*read(fetch(*source, cache))] for source in SOURCES[release])
        terminology = [resource for other in others for resource in other]
        for part, records in parts(core, terminology).items():
            files[f"{release}/{part}.jsonl.gz"] = lines(release, part, records)
    return files


def pack(text: bytes) -> bytes:
    return gzip.compress(text, compresslevel=9, mtime=0)


def differences(files: dict[str, bytes], destination: Path) -> list[str]:
    """A sentence for every file that is not what a full rebuild makes.

    The unpacked text is compared: zlib's releases pack the same text into different bytes.
    """
    faults = []
    remedy = "Run tools/build_definitions.py and commit the result."
    for name, text in files.items():
        path = destination / name
        if not path.exists():
            faults.append(f"{name} is missing. {remedy}")
        elif gzip.decompress(path.read_bytes()) != text:
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
    for name, text in files.items():
        path = DESTINATION / name
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = pack(text)
        path.write_bytes(packed)
        print(f"{name:28} {len(text):>9,} bytes, packed {len(packed):>7,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
