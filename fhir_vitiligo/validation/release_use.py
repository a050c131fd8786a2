"""For which releases of FHIR an extension, or one of its contexts, is meant
(http://hl7.org/fhir/StructureDefinition/version-specific-use): ``RequestGroup`` up to 4.3, ``RequestOrchestration`` from 5.0.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.schema import Schema

_USE = "http://hl7.org/fhir/StructureDefinition/version-specific-use"


def limited(schema: Schema, definition: Json, release: Release) -> Schema:
    """The schema of an extension with what holds for ``release``: its contexts, and whether it is for that release."""
    contexts = definition.get("context")
    stated = [one for one in contexts if isinstance(one, dict)] if isinstance(contexts, list) else []
    if len(stated) == len(schema.contexts):
        kept = [
            told for one, told in zip(stated, schema.contexts, strict=True) if not other_release(one, release)
        ]
        schema.elsewhere = len(kept) < len(stated)
        schema.contexts = tuple(kept)
    schema.other_release = other_release(definition, release)
    return schema


def other_release(holder: Json, release: Release) -> str:
    """The releases that a definition, or a context of it, is for, in words, when ``release`` is none of them; else ``""``."""
    extensions = holder.get("extension")
    for one in extensions if isinstance(extensions, list) else ():
        if not isinstance(one, dict) or one.get("url") != _USE:
            continue
        parts = one.get("extension")
        bounds = {
            part.get("url"): part.get("valueCode")
            for part in (parts if isinstance(parts, list) else ())
            if isinstance(part, dict)
        }
        first, last = bounds.get("startFhirVersion"), bounds.get("endFhirVersion")
        here, start, end = _number(release.version), _number(first), _number(last)
        if start is not None and here is not None and here < start:
            return f"from FHIR {first} on"
        if end is not None and here is not None and here > end:
            return f"up to FHIR {last}"
    return ""


def _number(version: Any) -> tuple[int, ...] | None:
    """The release of a version: ``4.3`` of 4.3.0."""
    parts = str(version).split(".")[:2] if isinstance(version, str) else []
    return tuple(map(int, parts)) if parts and all(part.isdecimal() for part in parts) else None
