"""When: a moment of the case and the ways FHIR has to say it.

A dateless moment stays dateless: an offset from a time point is HL7's ``cqf-relativeDateTime`` on a dateTime
without value.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from fhir_vitiligo.case.values import Fact, Moment, Range
from fhir_vitiligo.fhir import json
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.amounts import QuantityCodec, RangeCodec
from fhir_vitiligo.mapping.codecs import Codec, Reading, Writer, Writing, dicts, restore
from fhir_vitiligo.mapping.facts import Json, extensions, make_fact, read_meta

_DURATION, _AGE, _RANGE = QuantityCodec("Duration"), QuantityCodec("Age"), RangeCodec()


def relative_extension(moment: Moment, to: Writing) -> Json:
    """The offset as HL7's extension: target, targetPath, relationship, offset."""
    assert moment.of is not None
    assert moment.offset is not None
    codec: Codec = _RANGE if isinstance(moment.offset, Range) else _DURATION
    return {
        "url": urls.RELATIVE_DATE_TIME,
        "extension": [
            {"url": "target", "valueReference": {"reference": to.urns["timepoint", moment.of]}},
            {"url": "targetPath", "valueString": to.period_path},
            {"url": "relationship", "valueCode": moment.relation},
            {"url": "offset", "value" + codec.datatype: codec.encode(moment.offset, to)},
        ],
    }


def read_relative(element: Any, of: Reading) -> tuple[Moment, Json] | None:
    """The offset an element's extension states, in any of the shapes that releases and packages have."""
    for extension in dicts(element.get("extension")) if isinstance(element, dict) else ():
        if extension.get("url") not in (urls.RELATIVE_DATE_TIME, urls.RELATIVE_DATE) or len(extension) != 2:
            continue
        moment = _read_parts(extension.get("extension"), of)
        if moment is not None:
            return moment, extension
    return None


# The target is `target` in cqf-relativeDateTime, `event` in relative-date of R4 core, `targetReference` in
# that of the extension pack.
_TARGETS = ("target", "event", "targetReference")
_MEMBERS = {
    **dict.fromkeys(_TARGETS, ("valueReference",)),
    "targetPath": ("valueString",),
    "relationship": ("valueCode",),
    "offset": ("valueDuration", "valueRange"),
}


def _read_parts(parts: Any, of: Reading) -> Moment | None:
    said: dict[str, Any] = {}
    for part in parts if isinstance(parts, list) else ():
        match part:
            case {"url": str(name)} if len(part) == 2 and name in _MEMBERS and name not in said:
                member = next((member for member in _MEMBERS[name] if member in part), None)
                if member is None:
                    return None
                said[name] = part[member]
            case _:
                return None  # a shape of someone else's
    targets = [said[name] for name in _TARGETS if name in said]
    if len(targets) != 1 or said.get("targetPath", "period") not in ("period", "actualPeriod"):
        return None
    reference, offset = targets[0], said.get("offset")
    if not isinstance(reference, dict) or reference.keys() != {"reference"} or not isinstance(offset, dict):
        return None
    point = of.key(reference["reference"], ("timepoint",))
    amount = dict(offset)
    codec = _RANGE if "low" in amount or "high" in amount else _DURATION
    value = codec.take_plain({"x": amount}, "x", of)
    if point is None or value is None or any(amount.values()):
        return None
    try:
        return Moment(offset=value, relation=said.get("relationship"), of=point[1])
    except ValidationError:
        return None


@lru_cache(maxsize=4096)
def _dated(text: str) -> Moment | None:
    try:
        return Moment(date=text)
    except ValidationError:
        return None


class InstantCodec(Codec):
    """dateTime: a date as precise as known, else an offset, else words; never a made-up date."""

    datatype = "DateTime"
    primitive = True

    def encode(self, value: Moment, to: Writing) -> Any:
        return value.date

    def decode(self, node: Any, of: Reading) -> Moment | None:
        return _dated(node) if isinstance(node, str) else None

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        member = InstantCodec.member(self, name)
        beside = "_" + member

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            said = extensions(fact)
            moment: Moment | None = fact.value
            if moment is not None and moment.date is not None:
                parent[member] = moment.date
            elif moment is not None and moment.offset is not None:
                said = [relative_extension(moment, to), *said]
            elif moment is not None:
                said = [{"url": urls.MOMENT_TEXT, "valueString": str(moment)}, *said]
            if said:
                parent[beside] = {"extension": said}

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        member = self.member(name)
        element = parent.get("_" + member)
        if member not in parent:
            relative = read_relative(element, of)
            if relative is not None:
                fact = make_fact(fact_type, relative[0], read_meta(element))
                if fact is not None:
                    relative[1].clear()
                return fact
            for extension in _texts(element):
                fact = make_fact(fact_type, Moment(text=extension["valueString"]), read_meta(element))
                if fact is not None:
                    extension.clear()
                return fact
        return super().take(parent, name, fact_type, of)


def _texts(element: Any) -> Iterator[Json]:
    found = element.get("extension") if isinstance(element, dict) else None
    for extension in found if isinstance(found, list) else ():
        match extension:
            case {"url": urls.MOMENT_TEXT, "valueString": str(text)} if len(extension) == 2 and text.strip():
                yield extension


class PeriodStartCodec(InstantCodec):
    """The start of a Period; where there is no time at all, the Period says so."""

    datatype = "Period"
    primitive = False

    def writer(self, name: str) -> Writer:
        write_start = _INSTANT.writer("start")

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            if fact.value is None:
                parent[name] = {"extension": extensions(fact)}
            else:
                write_start(parent.setdefault(name, {}), fact, to)

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        period = parent.get(name)
        if not isinstance(period, dict):
            return None
        fact = _INSTANT.take(period, "start", fact_type, of)
        return fact or make_fact(fact_type, None, read_meta(period))


_INSTANT = InstantCodec()


class OnsetCodec(Codec):
    """onset[x], abatement[x]: dateTime (or an offset from a time point), Age, Range, string."""

    datatype = "DateTime"
    primitive = True
    elsewhere = True

    def __init__(self, *, dates: bool = True) -> None:
        self.dates = dates
        """FamilyMemberHistory.condition.onset[x] has no dateTime: a date is the start of a Period there."""

    _instant = InstantCodec()

    def encode(self, value: Moment, to: Writing) -> Any:
        raise NotImplementedError("a choice element is written by its writer")  # pragma: no cover

    def decode(self, node: Any, of: Reading) -> Any:
        raise NotImplementedError("a choice element is read by take")  # pragma: no cover

    @property
    def straight(self) -> Codec | None:
        return None

    def writer(self, name: str) -> Writer:
        base = name[:-3]
        write_moment = self._instant.writer(base + ("DateTime" if self.dates else "String"))

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            moment: Moment | None = fact.value
            said = extensions(fact)
            if moment is not None and moment.age is not None:
                node = _AGE.encode(moment.age, to)
                parent[base + "Age"] = {"extension": said, **node} if said else node
            elif moment is not None and moment.age_range is not None:
                node = _RANGE.encode(moment.age_range, to)
                parent[base + "Range"] = {"extension": said, **node} if said else node
            elif moment is not None and moment.text is not None:
                parent[base + "String"] = moment.text
                if said:
                    parent[f"_{base}String"] = {"extension": said}
            elif moment is not None and moment.date is not None and not self.dates:
                parent[base + "Period"] = {"start": moment.date}
                if said:
                    parent[base + "Period"]["_start"] = {"extension": said}
            else:
                write_moment(parent, fact, to)

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        base = name[:-3]
        for codec in (_AGE, _RANGE):
            node = parent.get(base + codec.datatype)
            if not isinstance(node, dict):
                continue
            kept = json.dumps(node)
            if (value := codec.decode(node, of)) is not None:
                fact = _moment_fact(fact_type, node, **{"age" if codec is _AGE else "age_range": value})
                if fact is not None:
                    return fact
                restore(node, kept)  # no age
        text = parent.get(base + "String")
        if isinstance(text, str) and text.strip():
            fact = _moment_fact(fact_type, parent.get(f"_{base}String"), text=text)
            if fact is not None:
                del parent[base + "String"]
            return fact
        period = parent.get(base + "Period")
        # Two ends are when it was at the earliest and at the latest: the first of them alone would say more.
        if (
            isinstance(period, dict)
            and not self.dates
            and "end" not in period
            and "_end" not in period
            and (fact := self._instant.take(period, "start", fact_type, of)) is not None
        ):
            return fact
        for member in ("DateTime", "String"):
            if (fact := self._instant.take(parent, base + member, fact_type, of)) is not None:
                return fact
        return None


def _moment_fact(fact_type: type[Fact[Any]], element: Any, **content: Any) -> Fact[Any] | None:
    try:
        return make_fact(fact_type, Moment(**content), read_meta(element))
    except ValidationError:
        return None
