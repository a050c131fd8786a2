"""Bundles: their entries, and the resources in whatever a file or body holds
(https://hl7.org/fhir/R4/bundle.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json


def is_bundle(document: Any) -> bool:
    """Whether this is a Bundle resource."""
    return isinstance(document, dict) and document.get("resourceType") == "Bundle"


def entries(bundle: Json) -> list[Json]:
    """``Bundle.entry``, each an object; :class:`InputError` names the entry that is not."""
    found = bundle.get("entry", [])
    if not isinstance(found, list):
        raise InputError("Bundle.entry must be an array", code="structure", expression="Bundle.entry")
    for index, entry in enumerate(found):
        if not isinstance(entry, dict):
            raise InputError(
                "an entry of a Bundle must be an object",
                code="structure",
                expression=f"Bundle.entry[{index}]",
            )
    return found


def iter_resources(document: Any) -> Iterator[Json]:
    """Every resource that ``document`` holds, in order: of a Bundle of any type, nested Bundles opened; of
    a list of resources or Bundles (what NDJSON lines give); or the single resource itself.

    :class:`InputError` names the place of what is not a resource. An entry without a resource (a DELETE, a
    search response's outcome line) is passed over.
    """
    if isinstance(document, list):
        for index, item in enumerate(document):
            yield from _resources(item, f"[{index}]")
    else:
        yield from _resources(document, "")


def _resources(document: Any, place: str) -> Iterator[Json]:
    if not isinstance(document, dict):
        raise InputError(
            "expected a FHIR resource, an object with `resourceType`", code="structure", expression=place
        )
    resource_type = document.get("resourceType")
    if not isinstance(resource_type, str) or not resource_type:
        raise InputError(
            "an object without `resourceType` is not a FHIR resource", code="structure", expression=place
        )
    if resource_type != "Bundle":
        yield document
        return
    for index, entry in enumerate(entries(document)):
        if entry.get("resource") is not None:
            yield from _resources(
                entry["resource"], f"{place + '.' if place else ''}Bundle.entry[{index}].resource"
            )


def iter_documents(text: bytes) -> Iterator[Json]:
    """The JSON objects of a text: one document, or NDJSON, one a line (https://hl7.org/fhir/R4/nd-json.html).

    :class:`InputError` carries the line of an NDJSON line that is not a JSON object.
    """
    if not _is_ndjson(text):
        yield json.loads_object(text)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield json.loads_object(line)
            except InputError as error:
                raise InputError(replace(issue, line=number) for issue in error.issues) from None


def _is_ndjson(text: bytes) -> bool:
    """More than one line, and the first is a JSON object of its own."""
    first, _, rest = text.lstrip().partition(b"\n")
    if not rest.strip():
        return False
    try:
        json.loads_object(first)
    except InputError:
        return False
    return True


def collection(resources: list[Json]) -> Json:
    """A collection Bundle of the resources."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": item} for item in resources],
    }
