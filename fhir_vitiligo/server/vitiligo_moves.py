"""What a vitiligo case has elsewhere in R5 than in R4: the rules of this project's own profiles for
:mod:`fhir_vitiligo.fhir.conversion`.

The maps (:mod:`fhir_vitiligo.mapping.sites`, :mod:`~fhir_vitiligo.mapping.treatments`) write the same facts into each
release, and a resource converted here is what they write.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fhir_vitiligo.fhir.conversion import Converter
from fhir_vitiligo.fhir.conversion.rules import Rule
from fhir_vitiligo.fhir.conversion.shapes import NOT_STATED, site_down, site_up
from fhir_vitiligo.fhir.conversion.treatments import occurrence
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.terminology.registry import Concept, concept


@cache
def converter(source: Release, target: Release) -> Converter:
    """From one release to the other, with the rules of this project."""
    return Converter(
        source, target, {"BodyStructure": (_SITES,), "Procedure": (occurrence(urls.own("treatment-period")),)}
    )


# R4 has one location, with a qualifier that says of one side that it is the only one; further ones are extensions.

_FURTHER_SITE = urls.own("further-site")
_FURTHER = f"extension({_FURTHER_SITE})"


@cache
def _sides(*, up: bool) -> dict[str, tuple[Concept, Concept]]:
    """By code: a side as one release has it, and as the other does."""
    pairs = [(concept("side", f"unilateral-{side}"), concept("side", side)) for side in ("right", "left")]
    found = pairs if up else [(other, one) for one, other in pairs]
    return {one.codings[0].code: (one, other) for one, other in found}


def _side(node: Any, *, up: bool) -> Any:
    """The same side as the other release's maps write it."""
    codings = node.get("coding", []) if isinstance(node, dict) else []
    if len(codings) != 1 or codings[0].get("code") not in _sides(up=up):
        return node
    here, there = _sides(up=up)[codings[0]["code"]]
    coding = {**codings[0], "code": there.codings[0].code}
    if coding.get("display") == here.codings[0].display:
        coding["display"] = there.codings[0].display
    told = {**node, "coding": [coding]}
    if told.get("text") == here.display:
        told["text"] = there.display
    return told


def _sites_up(x: Json) -> Json:
    further = [_site_of(one) for one in x.get(_FURTHER, ())]
    if any(one is None for one in further):
        further = []
    first = site_up(x.get("location"), [_side(one, up=True) for one in x.get("locationQualifier", [])])
    return {"includedStructure": [first, *further]}


def _sites_down(y: Json) -> Json:
    first, *more = y.get("includedStructure") or [{}]
    location, qualifiers = site_down(first)
    found = {
        "location": location,
        "locationQualifier": [_side(one, up=False) for one in qualifiers],
        _FURTHER: [_further(one) for one in more if set(one) <= {"structure", "laterality"}],
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _site_of(extension: Json) -> Json | None:
    parts = {one.get("url"): one.get("valueCodeableConcept") for one in extension.get("extension", ())}
    if "site" not in parts:
        return None
    side = {"laterality": parts["laterality"]} if "laterality" in parts else {}
    return {"structure": parts["site"], **side}


def _further(structure: Json) -> Json:
    parts = [{"url": "site", "valueCodeableConcept": structure.get("structure", NOT_STATED)}]
    if "laterality" in structure:
        parts.append({"url": "laterality", "valueCodeableConcept": structure["laterality"]})
    return {"url": _FURTHER_SITE, "extension": parts}


_SITES = Rule(
    ("location", "locationQualifier", _FURTHER), ("includedStructure",), _sites_up, _sites_down, whole=True
)
