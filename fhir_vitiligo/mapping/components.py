"""Codecs of what an Observation has components for: the numbers of a score, and all but the first of several
values.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.case.model import Component
from fhir_vitiligo.case.terms import InstrumentItemTerm, RegionTerm
from fhir_vitiligo.case.values import Fact, Quantity
from fhir_vitiligo.fhir import json
from fhir_vitiligo.mapping.amounts import QuantityCodec
from fhir_vitiligo.mapping.around import Around
from fhir_vitiligo.mapping.codecs import Codec, Reading, Writer, Writing, dicts, restore
from fhir_vitiligo.mapping.coded import TermCodec, concept_json
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.mapping.matching import (
    COMPONENT_REGION,
    consume_code,
    is_coded,
    known_as,
)
from fhir_vitiligo.mapping.observations import ValueCodec

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


_VALUES = frozenset({"valueQuantity", "valueCodeableConcept", "valueString"})
"""What a headline may stand in."""


class HeadlineCodec(Around):
    """``value[x]`` for the first of several fields that has a value; the others are components."""

    primitive = True
    elsewhere = True

    def __init__(self, key: str, inner: Codec) -> None:
        super().__init__(inner)
        self.key, self.value = key, ValueCodec(inner)

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        write_value, write_in_component = self.inner.writer(name), self.value.writer(name)

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if fact.value is not None and _VALUES.isdisjoint(parent):
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
