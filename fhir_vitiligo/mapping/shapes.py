"""Codecs for what is more than one datatype: nested groups, body sites with their side, elements FHIR
demands.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from fhir_vitiligo.case.model import Component, Site
from fhir_vitiligo.case.terms import InstrumentItemTerm, RegionTerm, SiteTerm
from fhir_vitiligo.case.values import Fact, Quantity
from fhir_vitiligo.fhir import differences, json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import (
    Codec,
    QuantityCodec,
    Reading,
    StringCodec,
    Writer,
    Writing,
    dicts,
    restore,
)
from fhir_vitiligo.mapping.coded import ConceptCodec, TermCodec, concept_json
from fhir_vitiligo.mapping.compiler import CompiledField, compile_field
from fhir_vitiligo.mapping.declaration import Field
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.mapping.generation import group_writer
from fhir_vitiligo.mapping.matching import (
    COMPONENT_REGION,
    FieldReading,
    consume_code,
    is_coded,
    known_as,
    present,
)
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.mapping.observations import ValueCodec
from fhir_vitiligo.terminology.systems import UCUM

_INSTANT = InstantCodec()


class GroupCodec(Codec):
    """A BackboneElement that is a model of its own within the item: its fields, relative to the element."""

    datatype = "BackboneElement"

    def __init__(self, model: type[BaseModel], fields: tuple[Field, ...]) -> None:
        self.model, self.fields = model, fields
        self._compiled: tuple[CompiledField, ...] = ()
        self._encode: Callable[[Any, Writing], Json] | None = None

    def bind(self, resource: str, path: str, release: Release) -> GroupCodec:
        """The codec for a release, whose paths may differ below ``path``."""
        bound = GroupCodec(self.model, self.fields)
        around = differences.path(release, resource, path)
        moved = []
        for field in self.fields:
            target = differences.path(release, resource, f"{path}.{field.fhir}")
            moved.append(Field(field.case, target.removeprefix(around + "."), field.codec))
        bound._compiled = tuple(compile_field(field, self.model, "", release) for field in moved)
        return bound

    def encode(self, value: Any, to: Writing) -> Json:
        if self._encode is None:
            self._encode = group_writer(self.model.__name__, self._compiled)
        return self._encode(value, to)

    def decode(self, node: Any, of: Reading) -> Any:
        if not isinstance(node, dict):
            return None
        kept, reading, there = json.dumps(node), cast(FieldReading, of), present(node)
        content = {
            field.case: value
            for field in self._compiled
            if (field.members is None or not there.isdisjoint(field.members))
            and (value := field.read(node, reading)) is not None
        }
        try:
            return self.model.model_validate(content)
        except ValidationError:
            restore(node, kept)
            return None


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
        node = _SITE.encode(value.site, to)
        if value.side is not None:
            side = {"url": urls.LATERALITY, "valueCodeableConcept": _SIDE.encode(value.side, to)}
            node["extension"] = [side, *node.get("extension", [])]
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


_ITEM, _REGION = TermCodec(InstrumentItemTerm), TermCodec(RegionTerm)
_NUMBER = ValueCodec(QuantityCodec())
_write_number = _NUMBER.writer("value[x]")


class ComponentCodec(Codec):
    """A component of a score: its code is the item, with the region beside it, or the region alone."""

    remembered = True
    datatype = "BackboneElement"

    def encode(self, value: Component, to: Writing) -> Json:
        node: Json = {}
        if value.item is not None:
            node["code"] = _ITEM.encode(value.item, to)
            if value.region is None and (
                known_as(node["code"], "observation") or self._is_region(node["code"])
            ):
                node["extension"] = [{"url": COMPONENT_REGION, "valueBoolean": False}]
            if value.region is not None:
                node["extension"] = [
                    {"url": COMPONENT_REGION, "valueCodeableConcept": _REGION.encode(value.region, to)}
                ]
        elif value.region is not None:
            node["code"] = _REGION.encode(value.region, to)
            if known_as(node["code"], "observation") or not self._is_region(node["code"]):
                node["extension"] = [{"url": COMPONENT_REGION, "valueBoolean": True}]
        _write_number(node, value.value, to)
        return node

    def decode(self, node: Any, of: Reading) -> Component | None:
        code = node.get("code") if isinstance(node, dict) else None
        if not isinstance(code, dict):
            return None
        marks = [e for e in dicts(node.get("extension")) if e.get("url") == COMPONENT_REGION]
        if not marks and known_as({**code, "text": None}, "observation") is not None:
            return None
        said = next(
            (mark["valueBoolean"] for mark in marks if isinstance(mark.get("valueBoolean"), bool)), None
        )
        alone = said if said is not None else not marks and self._is_region(code)
        kept = json.dumps(node)
        component = self._read(node, alone, of)
        if component is None:
            restore(node, kept)
        return component

    @staticmethod
    def _is_region(code: Json) -> bool:
        return known_as(code, "instrument-item") is None and known_as(code, "region") is not None

    @staticmethod
    def _read(node: Json, alone: bool, of: Reading) -> Component | None:
        item = None if alone else _ITEM.decode(node["code"], of)
        region = _REGION.decode(node["code"], of) if alone else None
        for mark in dicts(node.get("extension")):
            if mark.get("url") == COMPONENT_REGION:
                if mark.get("valueBoolean") is alone:
                    del mark["url"], mark["valueBoolean"]
                elif not alone and region is None:
                    region = _REGION.decode(mark.get("valueCodeableConcept"), of)
                    mark.pop("url") if region is not None else None
        value = _NUMBER.take(node, "value[x]", Fact[Quantity], of)
        if value is None or (item is None and region is None):
            return None
        return Component(item=item, region=region, value=value)


class StrengthCodec(QuantityCodec):
    """A strength: R4's Ratio wants a denominator, R5 takes the Quantity alone."""

    _ONE: Json = {"value": 1, "unit": "1", "system": UCUM, "code": "1"}  # noqa: RUF012 - copied at each use

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        write_strength = super().writer(name)
        if name != "numerator":
            return write_strength

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            write_strength(parent, fact, to)
            parent["denominator"] = dict(self._ONE)

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        denominator = parent.get("denominator")
        if name == "numerator" and denominator != self._ONE and not self._is_one(denominator):
            return None
        fact = super().take(parent, name, fact_type, of)
        if fact is not None and isinstance(denominator, dict):
            for member in self._ONE:
                denominator.pop(member, None) if denominator.get(member) == self._ONE[member] else None
        return fact

    @staticmethod
    def _is_one(denominator: Any) -> bool:
        return (
            isinstance(denominator, dict)
            and denominator.get("value") == 1
            and denominator.get("code") in (None, "1")
        )


class PeriodCodec(Codec):
    """Start or end of what was done, in R5: occurrencePeriod, or, where occurrence[x] is the schedule, an
    extension.
    """

    datatype = "Period"
    elsewhere = True

    def __init__(self, end: str) -> None:
        self.end = end

    def encode(self, value: Any, to: Writing) -> Any:
        raise NotImplementedError("written by its writer")  # pragma: no cover

    def decode(self, node: Any, of: Reading) -> Any:
        raise NotImplementedError("read by take")  # pragma: no cover

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        write_end, url = _INSTANT.writer(self.end), urls.own("treatment-period")

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if "occurrenceTiming" in parent:
                extensions_ = parent.setdefault("extension", [])
                holder = next((e for e in extensions_ if e["url"] == url), None)
                if holder is None:
                    holder = {"url": url, "valuePeriod": {}}
                    extensions_.append(holder)
                period = holder["valuePeriod"]
            else:
                period = parent.setdefault("occurrencePeriod", {})
            write_end(period, fact, to)

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        period = parent.get("occurrencePeriod")
        if isinstance(period, dict) and (fact := _INSTANT.take(period, self.end, fact_type, of)) is not None:
            return fact
        for extension in dicts(parent.get("extension")):
            period = extension.get("valuePeriod")
            if extension.get("url") == urls.own("treatment-period") and isinstance(period, dict):
                return _INSTANT.take(period, self.end, fact_type, of)
        return None


class AdherenceCodec(Codec):
    """R5's MedicationStatement.adherence.code: the R4 status, coded where the value set has the same."""

    remembered = True
    datatype = "CodeableConcept"
    SYSTEM = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
    _CODED = {"active": "taking", "on-hold": "on-hold", "stopped": "stopped", "not-done": "not-taking"}  # noqa: RUF012

    def __init__(self, statuses: dict[str, str]) -> None:
        self.statuses = statuses
        self.words = {status: word for word, status in statuses.items()}

    def encode(self, value: str, to: Writing) -> Json:
        node: Json = {}
        if value in self._CODED:
            node["coding"] = [{"system": self.SYSTEM, "code": self._CODED[value]}]
        node["text"] = self.statuses[value]
        return node

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        word = self.words.get(str(node.get("text")))
        for coding in dicts(node.get("coding")):
            same = next((w for w, code in self._CODED.items() if code == coding.get("code")), None)
            if coding.get("system") == self.SYSTEM and same is not None and word in (None, same):
                word = same
                del coding["system"], coding["code"]
        if word is not None and node.get("text") == self.statuses[word]:
            del node["text"]
        return word


class HeadlineCodec(Codec):
    """``value[x]`` for the first of several fields that has a value; the others are components."""

    primitive = True
    elsewhere = True

    def __init__(self, key: str, inner: Codec) -> None:
        self.key, self.inner, self.value = key, inner, ValueCodec(inner)
        self.datatype = inner.datatype  # the type of what is inside

    def encode(self, value: Any, to: Writing) -> Any:
        return self.inner.encode(value, to)

    def decode(self, node: Any, of: Reading) -> Any:
        return self.inner.decode(node, of)

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        write_value, write_in_component = self.inner.writer(name), self.value.writer(name)

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if fact.value is not None and not any(member.startswith("value") for member in parent):
                write_value(parent, fact, to)
                return
            component: Json = {"code": concept_json("observation", self.key)}
            write_in_component(component, fact, to)
            parent.setdefault("component", []).append(component)

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        for component in dicts(parent.get("component")):
            if is_coded(component.get("code"), "observation", self.key):
                fact = self.value.take(component, name, fact_type, of)
                if fact is not None:
                    consume_code(component["code"], "observation", self.key)
                    return fact
        return self.inner.take(parent, name, fact_type, of)


class DoiCodec(Codec):
    """A DOI as Identifier."""

    remembered = True
    datatype = "Identifier"
    SYSTEM = "https://doi.org"
    _SPELLINGS = (
        "https://doi.org",
        "http://doi.org",
        "https://dx.doi.org",
        "http://dx.doi.org",
        "urn:doi",
        "doi",
    )

    def encode(self, value: str, to: Writing) -> Json:
        return {"system": self.SYSTEM, "value": value}

    def decode(self, node: Any, of: Reading) -> str | None:
        if (
            not isinstance(node, dict)
            or node.get("system") not in self._SPELLINGS
            or not isinstance(node.get("value"), str)
        ):
            return None
        del node["system"]
        return str(node.pop("value"))


class Sha1Codec(Codec):
    """Attachment.hash: SHA-1 as base64; the case has the usual 40 hexadecimal digits."""

    datatype = "Base64Binary"
    primitive = True

    def encode(self, value: str, to: Writing) -> str:
        return base64.b64encode(bytes.fromhex(value)).decode()

    def decode(self, node: Any, of: Reading) -> str | None:
        try:
            raw = base64.b64decode(node, validate=True) if isinstance(node, str) else b""
        except (binascii.Error, ValueError):
            return None
        return raw.hex() if len(raw) == 20 else None


class SourceTextCodec(StringCodec):
    """The source's text as Attachment.data, with its content type."""

    _TYPE = "text/plain; charset=utf-8"

    @property
    def straight(self) -> Codec | None:
        return None

    def plain_writer(self, name: str) -> Writer:
        return self._write

    def _write(self, parent: Json, value: str, to: Writing) -> None:
        parent["contentType"] = self._TYPE
        parent["data"] = base64.b64encode(value.encode()).decode()

    def take_plain(self, parent: Json, name: str, of: Reading) -> str | None:
        data = parent.get("data")
        if parent.get("contentType") != self._TYPE or not isinstance(data, str):
            return None
        try:
            text = base64.b64decode(data, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        del parent["contentType"], parent["data"]
        return text
