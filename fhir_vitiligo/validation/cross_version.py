"""Extensions that stand for an element of another release
(https://hl7.org/fhir/R4/versions.html#extensions, https://hl7.org/fhir/R5/versions.html#extensions).

``http://hl7.org/fhir/5.0/StructureDefinition/extension-BodyStructure.includedStructure`` holds what R5 has at
that element. Nobody publishes these definitions: they follow from the element, and are made here as a
StructureDefinition without snapshot when one is met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.definitions import CORE, Definitions, Element, Structure, TypeRef, definitions_of
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release

_URL = re.compile(
    r"http://hl7\.org/fhir/([1345]\.[0-9])/StructureDefinition/extension-([A-Z][A-Za-z]*(?:\.[A-Za-z0-9]+)+)(?:\[x\])?"
)
_RELEASES = {"4.0": Release.R4, "4.3": Release.R4B, "5.0": Release.R5}
# DSTU2 and STU3, whose definitions are not on board.
_OLD = frozenset({"1.0", "3.0"})
# Elements of elements that only a hostile definition would nest further.
_DEEPEST = 8


def definition_of(url: str, here: Definitions) -> Json | None:
    """The StructureDefinition of a cross-version extension for the release of ``here``; None for any other url.

    The types of a DSTU2 or STU3 element are left open: their definitions are not on board.
    """
    found = _URL.fullmatch(url)
    if found is None:
        return None
    version, path = found.groups()
    release = _RELEASES.get(version)
    if release is None:
        return _profile(url, path, [_part("Extension", None), _url(url)], here) if version in _OLD else None
    element = _element(definitions_of(release), path)
    if element is None:
        return None
    return _profile(url, path, [*_content("Extension", url, element, definitions_of(release), here)], here)


def _element(there: Definitions, path: str) -> tuple[Structure, Element] | None:
    head = path.partition(".")[0]
    try:
        structure = there.structure(head)
    except KeyError:
        return None
    element = structure.element(path) or structure.element(f"{path}[x]")
    return None if element is None else (structure, element)


def _profile(url: str, path: str, elements: list[Json], here: Definitions) -> Json:
    """It may stand where its element does, or at the resource itself; that of a type which this release does not
    have, anywhere.
    """
    head = path.partition(".")[0]
    known = head in here.resource_types or head in here.type_names
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": f"Extension_{path}",
        "status": "active",
        "fhirVersion": here.release.version,
        "kind": "complex-type",
        "abstract": False,
        "type": "Extension",
        "baseDefinition": f"{CORE}Extension",
        "derivation": "constraint",
        "context": [
            {"type": "element", "expression": place}
            for place in (dict.fromkeys((head, path.rpartition(".")[0] or head)) if known else ("Element",))
        ],
        "differential": {"element": elements},
    }


def _content(
    place: str,
    url: str,
    told: tuple[Structure, Element],
    there: Definitions,
    here: Definitions,
    depth: int = 0,
) -> Iterator[Json]:
    """The elements of one extension: its value, or a part for each element below."""
    structure, element = told
    below = structure.children(element.content_reference or element.path)
    yield _part(place, None)
    if below and depth < _DEEPEST:
        yield _part(f"{place}.extension", None)
        for child in below:
            if child.name in ("id", "extension", "modifierExtension"):
                continue
            part = f"{place}.extension"
            limits = {"min": child.min, "max": "*" if child.max is None else str(child.max)}
            for index, one in enumerate(
                _content(part, child.name, (structure, child), there, here, depth + 1)
            ):
                yield {**one, **({"sliceName": child.name, **limits} if index == 0 else {})}
        yield _url(url, place)
        yield _part(f"{place}.value[x]", "0")
    else:
        yield _part(f"{place}.extension", "0")
        yield _url(url, place)
        types = list(_types(element.types, here))
        yield {**_part(f"{place}.value[x]", None), "min": 1, **({"type": types} if types else {})}


def _part(path: str, most: str | None) -> Json:
    found: Json = {"path": path}
    if most is not None:
        found["max"] = most
    return found


def _url(url: str, place: str = "Extension") -> Json:
    return {"path": f"{place}.url", "fixedUri": url}


def _types(types: tuple[TypeRef, ...], here: Definitions) -> Iterator[dict[str, Any]]:
    """The types as far as this release has them; where it has none of them, the value is open."""
    for kind in types:
        if kind.code not in here.type_names:
            continue
        targets = [
            target
            for target in kind.target_profiles
            if target.removeprefix(CORE) in (*here.resource_types, "Resource")
        ]
        found: dict[str, Any] = {"code": kind.code}
        if targets and len(targets) == len(kind.target_profiles):
            found["targetProfile"] = targets
        yield found
