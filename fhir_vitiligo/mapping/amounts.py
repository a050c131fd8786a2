"""Codecs of amounts: Quantity and its kin, Range, Timing (https://hl7.org/fhir/R4/datatypes.html#Quantity)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import ValidationError

from fhir_vitiligo.case.values import Quantity, Range, Schedule
from fhir_vitiligo.mapping.codecs import Codec, Reading, Writing
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.terminology import registry, ucum
from fhir_vitiligo.terminology.systems import UCUM, canonical_system


class QuantityCodec(Codec):
    """Quantity and its kin. A unit the registry holds goes out as UCUM, any other as text."""

    remembered = True

    def __init__(self, fhir_type: str = "Quantity") -> None:
        self.datatype = fhir_type  # Age, Duration and Count are written like Quantity

    def encode(self, value: Quantity, to: Writing) -> Json:
        return quantity_json(value.value, value.unit, value.comparator)

    def decode(self, node: Any, of: Reading) -> Quantity | None:
        if not isinstance(node, dict):
            return None
        number, comparator = node.get("value"), node.get("comparator")
        if not isinstance(number, int | Decimal) or isinstance(number, bool):
            return None
        unit, used = _unit(node)
        try:
            value = Quantity.model_validate({"value": number, "comparator": comparator, "unit": unit})
        except ValidationError:
            return None
        for member in ("value", "comparator", *used):
            node.pop(member, None)
        return value


def quantity_json(number: Decimal, unit: str | None, comparator: str | None = None) -> Json:
    """A Quantity's JSON."""
    node: Json = {"value": number}
    if comparator is not None:
        node["comparator"] = comparator
    if unit is not None:
        node["unit"] = unit
        if _is_ucum(unit):
            node["system"] = UCUM
            node["code"] = unit
    return node


@lru_cache(maxsize=1024)
def _is_ucum(unit: str) -> bool:
    return registry.may_emit(UCUM, unit)


def _unit(node: Json) -> tuple[str | None, tuple[str, ...]]:
    """The unit a Quantity states, and the members that say it."""
    system, code, text = node.get("system"), node.get("code"), node.get("unit")
    if isinstance(code, str) and (system is None or canonical_system(str(system)) == UCUM):
        repeated = isinstance(text, str) and (text == code or ucum.unit(text) == code)
        return code, ("system", "code", "unit") if repeated else ("system", "code")
    return (text, ("unit",)) if isinstance(text, str) else (None, ())


class RangeCodec(Codec):
    remembered = True
    datatype = "Range"

    def encode(self, value: Range, to: Writing) -> Json:
        return {"low": quantity_json(value.low, value.unit), "high": quantity_json(value.high, value.unit)}

    def decode(self, node: Any, of: Reading) -> Range | None:
        low, high = (node.get("low"), node.get("high")) if isinstance(node, dict) else (None, None)
        if not isinstance(low, dict) or not isinstance(high, dict):
            return None
        (low_unit, low_used), (high_unit, high_used) = _unit(low), _unit(high)
        try:
            if low_unit != high_unit:
                return None
            value = Range.model_validate({"low": low["value"], "high": high["value"], "unit": low_unit})
        except (ValidationError, KeyError):
            return None
        for end, used in ((low, low_used), (high, high_used)):
            for member in ("value", *used):
                end.pop(member, None)
        return value


class ScheduleCodec(Codec):
    """Timing: repeat.frequency per period, bounds, count; a schedule in words is Timing.code.text."""

    remembered = True
    datatype = "Timing"
    _REPEAT: ClassVar[Mapping[str, str]] = {
        "frequency": "frequency", "frequencyMax": "frequency_max", "period": "period",
        "periodMax": "period_max", "periodUnit": "period_unit", "count": "count",
    }  # fmt: skip

    def encode(self, value: Schedule, to: Writing) -> Json:
        node: Json = {}
        repeat: Json = {}
        if value.duration is not None:
            repeat["boundsDuration"] = quantity_json(value.duration.value, value.duration.unit)
        for member, field in self._REPEAT.items():
            item = getattr(value, field)
            if item is not None:
                repeat[member] = item
        if repeat:
            node["repeat"] = repeat
        if value.text is not None:
            node["code"] = {"text": value.text}
        return node

    def decode(self, node: Any, of: Reading) -> Schedule | None:
        if not isinstance(node, dict):
            return None
        repeat = node.get("repeat")
        repeat = repeat if isinstance(repeat, dict) else {}
        content = {field: repeat[member] for member, field in self._REPEAT.items() if member in repeat}
        bounds = repeat.get("boundsDuration")
        used: tuple[str, ...] = ()
        if isinstance(bounds, dict):
            unit, used = _unit(bounds)
            content["duration"] = {"value": bounds.get("value"), "unit": unit}
        code = node.get("code")
        text = code.get("text") if isinstance(code, dict) else None
        if isinstance(text, str) and text.strip():
            content["text"] = text
        try:
            value = Schedule.model_validate(content)
        except ValidationError:
            return None
        for member in self._REPEAT:
            repeat.pop(member, None)
        for member in ("value", *used):
            bounds.pop(member, None) if isinstance(bounds, dict) else None
        if "text" in content:
            del node["code"]["text"]
        return value
