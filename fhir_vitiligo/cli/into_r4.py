"""FHIR of another release into R4, which is what a store holds: as the server does with a body that says its
``fhirVersion``, and from R4B as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from fhir_vitiligo.errors import InputError, Issue
from fhir_vitiligo.fhir import bundles, differences
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release

_ELSEWHERE_IN_R4B = frozenset({"ActivityDefinition", "Evidence", "EvidenceVariable", "PlanDefinition"})
"""The types of both that R4B writes otherwise than R4 (https://hl7.org/fhir/R4B/diff.html)."""
_INSTEAD = {
    "Citation": "; what a case comes from is a DocumentReference there: load the case itself, or what `to-fhir --release r4` "
    "makes of it",
}


def looks_like_r5(document: Any) -> bool:
    """Whether a resource, or one in a Bundle, has an element that only R5 has."""
    return any(differences.looks_like_r5(resource) for _, resource in resources_of(document))


def resources_of(document: Any) -> Iterator[tuple[str, Json]]:
    """The resources that are stored of a document, each with its place: those of a Bundle, or it itself."""
    if not bundles.is_bundle(document):
        yield str(document.get("resourceType")), document
        return
    for number, entry in enumerate(bundles.entries(document)):
        if isinstance(entry.get("resource"), dict):
            yield f"Bundle.entry[{number}].resource", entry["resource"]


def check_types(document: Json, release: Release) -> None:
    """:class:`InputError` names every resource of a type that R4 does not have, or that is not known how to become R4, and
    what can be done.
    """
    here = definitions_of(Release.R4).resource_types
    faults = []
    for place, resource in resources_of(document):
        kind = resource.get("resourceType")
        if not isinstance(kind, str) or (kind in here and not _is_unknown(kind, release)):
            continue
        if kind in here:
            text = (
                f"a {kind} is not converted from {release.name} to R4, which the store holds: load it in R4; give --release "
                "r4 if it is R4"
            )
        else:
            text = _no_such_type(kind)
        faults.append(Issue("error", "not-supported", place, text))
    if faults:
        raise InputError(faults)


def _is_unknown(kind: str, release: Release) -> bool:
    from fhir_vitiligo.fhir.conversion import CONVERTED

    return (release is Release.R5 and kind not in CONVERTED) or (
        release is Release.R4B and kind in _ELSEWHERE_IN_R4B
    )


def _no_such_type(kind: str) -> str:
    others = [one.name for one in Release if kind in definitions_of(one).resource_types]
    if others:
        text = f"R4, which the store holds, has no {kind} ({' and '.join(others)} have): leave it out"
        return text.replace(" have)", " has)" if len(others) == 1 else " have)") + _INSTEAD.get(kind, "")
    near = get_close_matches(kind, definitions_of(Release.R4).resource_types, n=1)
    return f"{kind[:100]!r} is no resource type of FHIR" + (f": did you mean {near[0]}?" if near else "")


def into_r4(document: Json, release: Release) -> Json:
    """The document in R4; :class:`InputError` names the element that has no place there. R4B is written as R4 is."""
    if release is not Release.R5:
        return document
    # What vitiligo adds needs the maps and their terms, and most of what is loaded is R4.
    from fhir_vitiligo.server.vitiligo_moves import converter

    return converter(release, Release.R4).convert(document)
