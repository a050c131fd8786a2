"""Codecs of body sites with their side (https://hl7.org/fhir/R4/bodystructure.html)."""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.case.model import Site
from fhir_vitiligo.case.terms import SiteTerm
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import (
    Codec,
    Reading,
    Writer,
    Writing,
    dicts,
)
from fhir_vitiligo.mapping.coded import ConceptCodec, TermCodec
from fhir_vitiligo.mapping.facts import Json

_SIDES = {side: side for side in ("right", "left", "both", "midline", "unilateral")}
# R4's BodyStructure.locationQualifier says of one side that it is the only one.
_R4_SIDES = {**_SIDES, "right": "unilateral-right", "left": "unilateral-left"}
_SITE = TermCodec(SiteTerm)
_SIDE, _R4_SIDE = ConceptCodec("side", _SIDES), ConceptCodec("side", _R4_SIDES)


def _side(node: Any, codec: ConceptCodec, of: Reading) -> Any:
    other = _SIDE if codec is _R4_SIDE else _R4_SIDE
    return codec.take_plain({"x": node}, "x", of) or other.take_plain({"x": node}, "x", of)


class SiteCodec(Codec):
    """A site as CodeableConcept, its side as the laterality extension (Condition.bodySite has no room for
    it).
    """

    remembered = True
    datatype = "CodeableConcept"

    def encode(self, value: Site, to: Writing) -> Json:
        known = value.__dict__
        node, side = _SITE.encode(known["site"], to), known["side"]
        if side is not None:
            laterality = {"url": urls.LATERALITY, "valueCodeableConcept": _SIDE.encode(side, to)}
            node["extension"] = [laterality, *node.get("extension", [])]
        return node

    def decode(self, node: Any, of: Reading) -> Site | None:
        site = _SITE.decode(node, of)
        if site is None:
            return None
        side = None
        for extension in dicts(node.get("extension")):
            if extension.get("url") == urls.LATERALITY:
                side = _side(extension.get("valueCodeableConcept"), _SIDE, of)
                if side is not None:
                    del extension["url"]
        return Site(site=site, side=side)


class StructureCodec(Codec):
    """R5's BodyStructure.includedStructure: one site with its laterality. R4 has it in an extension."""

    remembered = True
    datatype = "BackboneElement"

    def encode(self, value: Site, to: Writing) -> Json:
        node: Json = {"structure": _SITE.encode(value.site, to)}
        if value.side is not None:
            node["laterality"] = _SIDE.encode(value.side, to)
        return node

    def decode(self, node: Any, of: Reading) -> Site | None:
        site = _SITE.decode(node.get("structure"), of) if isinstance(node, dict) else None
        return Site(site=site, side=_side(node.get("laterality"), _SIDE, of)) if site is not None else None


_FURTHER_SITE = urls.own("further-site")


class LocationCodec(Codec):
    """R4's BodyStructure has one location: the first site with its qualifier, any further ones in an
    extension each.
    """

    datatype = "BackboneElement"
    whole = True
    elsewhere = True

    def encode(self, value: tuple[Site, ...], to: Writing) -> Json:
        raise NotImplementedError("written by plain_writer")  # pragma: no cover

    def decode(self, node: Any, of: Reading) -> Any:
        raise NotImplementedError("read by take_plain")  # pragma: no cover

    @property
    def straight(self) -> Codec | None:
        return None

    def plain_writer(self, name: str) -> Writer:
        return self._write

    def _write(self, parent: Json, value: tuple[Site, ...], to: Writing) -> None:
        first, *more = value
        parent["location"] = _SITE.encode(first.site, to)
        if first.side is not None:
            parent["locationQualifier"] = [_R4_SIDE.encode(first.side, to)]
        for site in more:
            parts: list[Json] = [{"url": "site", "valueCodeableConcept": _SITE.encode(site.site, to)}]
            if site.side is not None:
                parts.append({"url": "laterality", "valueCodeableConcept": _SIDE.encode(site.side, to)})
            parent.setdefault("extension", []).append({"url": _FURTHER_SITE, "extension": parts})

    def take_plain(self, parent: Json, name: str, of: Reading) -> tuple[Site, ...] | None:
        sites = []
        site = _SITE.take_plain(parent, "location", of)
        if site is not None:
            side = next(
                (side for q in dicts(parent.get("locationQualifier")) if (side := _side(q, _R4_SIDE, of))),
                None,
            )
            sites.append(Site(site=site, side=side))
        for extension in dicts(parent.get("extension")):
            if extension.get("url") != urls.own("further-site"):
                continue
            inner = dicts(extension.get("extension"))
            parts = {
                name: part for name in ("site", "laterality") for part in inner if part.get("url") == name
            }
            site = _SITE.take_plain(parts.get("site", {}), "valueCodeableConcept", of)
            if site is not None:
                side = _side(parts.get("laterality", {}).get("valueCodeableConcept"), _SIDE, of)
                sites.append(Site(site=site, side=side))
                for part in (extension, parts["site"], parts.get("laterality", {}) if side else {}):
                    part.pop("url", None)
        return tuple(sites) or None
