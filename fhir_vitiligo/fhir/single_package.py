"""One conformance resource, or a Bundle of such, in a file of its own: a package by itself.

Only what makes it unreadable is refused. What is wrong with how it is written otherwise (an element in the wrong
order, a member twice) is told, and the definition is used as far as it can be read: a tool that wrote it
carelessly may have meant it well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir.json import Json, dumps
from fhir_vitiligo.fhir.package_files import LARGEST_FILE, HeldFiles
from fhir_vitiligo.fhir.packages import Package, entry_of
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.source import Document, parse

# Where nothing states the release, the newest reads what the older ones wrote of these types.
_READ_AS: Final = (Release.R4, Release.R5)
_WRONG: Final = ("fatal", "error")


def package_of(path: Path) -> Package:
    """The package of one file, JSON or XML. :class:`InputError` where the file holds no definition."""
    if path.stat().st_size > LARGEST_FILE:
        raise InputError(f"{path.name} is refused: it is larger than any definition.", code="too-costly")
    document = _read(path)
    issues = [replace(issue, severity="warning") for issue in _wrong(document)]
    return package_of_resource(document.resource, path.name, issues)


def package_of_resource(resource: Json, name: str = "", issues: Iterable[Issue] = ()) -> Package:
    """The package of one resource, or of a Bundle's. :class:`InputError` where it is no definition."""
    name = name or str(resource.get("url") or "the resource")
    found: list[object] = [resource]
    if resource.get("resourceType") == "Bundle":
        entries = resource.get("entry")
        found = [one.get("resource") for one in entries or () if isinstance(one, dict)]
    files = {
        f"{number}.json": dumps(one)
        for number, one in enumerate(found)
        if isinstance(one, dict) and entry_of(one, "") is not None
    }
    if not files:
        kind = resource.get("resourceType", "JSON")
        raise InputError(
            f"{name} defines nothing: it is a {kind} without a url. A StructureDefinition, ValueSet, "
            "CodeSystem or other conformance resource has one.",
            code="not-found",
        )
    told = resource.get("fhirVersion")
    manifest: Json = {"fhirVersions": [told]} if isinstance(told, str) else {}
    return Package(name, str(resource.get("version") or "0"), manifest, HeldFiles(files), issues)


def _read(path: Path) -> Document:
    """The file as the release reads it that finds least wrong with it."""
    data = path.read_bytes()
    documents = []
    for release in _READ_AS:
        document = parse(data, fallback=release, name=path.name)
        if document.format == "json" or not _wrong(document):
            documents = [document]
            break
        documents.append(document)
    best = min(documents, key=lambda one: (not isinstance(one.resource, dict), len(_wrong(one))))
    if isinstance(best.resource, dict) and not any(issue.severity == "fatal" for issue in best.issues):
        return best
    why = next((issue.text for issue in _wrong(best)), "expected one resource, or a Bundle of them.")
    what = f"{path.name} is not a FHIR resource in XML" if best.format == "xml" else path.name
    raise InputError(f"{what}: {why}", code="structure")


def _wrong(document: Document) -> list[Issue]:
    return [issue for issue in document.issues if issue.severity in _WRONG]
