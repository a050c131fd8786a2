"""How a fact travels: its value in the element, how it came to be known in extensions on that element.

``raw`` is HL7's ``originalText``, an absent value HL7's ``data-absent-reason``; status, method, span and
candidates have no place in FHIR and go into the project's ``reading`` extension.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from fhir_vitiligo.case.values import AbsentReason, Candidate, Fact, Span, Text
from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.mapping import urls

Json = dict[str, Any]
ABSENT_REASONS = frozenset(get_args(AbsentReason))


def extensions(
    fact: Fact[Any], *, raw: bool = True, reason: bool = True, explicit: bool = False
) -> list[Json]:
    """The extensions that say how a fact came to be known. ``raw`` and ``reason`` are left out where the
    element says them.

    ``explicit`` says of an absent fact that the case states the absence, where an element that FHIR demands
    has a data-absent-reason anyway.
    """
    known = fact.__dict__  # most facts have none of it, and this is asked of every one
    status, written, method, span = known["status"], known["raw"], known["method"], known["span"]
    found: list[Json] = []
    if method is None and span is None and status in ("stated", "absent") and not explicit:
        # There is nothing to tell, or one thing only.
        if raw and written is not None:
            found.append({"url": urls.ORIGINAL_TEXT, "valueString": written})
        if reason and status == "absent":
            found.insert(0, {"url": urls.DATA_ABSENT_REASON, "valueCode": known["reason"]})
        return found
    if reason and known["reason"] is not None:
        found.append({"url": urls.DATA_ABSENT_REASON, "valueCode": known["reason"]})
    if raw and written is not None:
        found.append({"url": urls.ORIGINAL_TEXT, "valueString": written})
    parts: list[Json] = []
    if status in ("derived", "ambiguous") or (explicit and status == "absent"):
        parts.append({"url": "status", "valueCode": status})
    if method is not None:
        parts.append({"url": "method", "valueString": method})
    if span is not None:
        parts.append({"url": "start", "valueUnsignedInt": span.start})
        parts.append({"url": "end", "valueUnsignedInt": span.end})
    for candidate in known["candidates"]:
        said: list[Json] = [{"url": "value", "valueString": _candidate_text(candidate)}]
        if candidate.method is not None:
            said.append({"url": "method", "valueString": candidate.method})
        parts.append({"url": "candidate", "extension": said})
    if parts:
        found.append({"url": urls.READING, "extension": parts})
    return found


def _candidate_text(candidate: Candidate[Any]) -> str:
    """A candidate as one string: its plain form, or JSON where it has none (or would be taken for JSON)."""
    plain = candidate.model_dump()["value"]
    if isinstance(plain, str) and not plain.startswith(("{", "[", '"')):
        return plain
    if isinstance(plain, str | dict | list | tuple):
        return json.dumps(plain).decode()
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _candidate_value(text: str) -> Any:
    return json.loads(text) if text.startswith(("{", "[", '"')) else text


@dataclass(slots=True)
class Meta:
    """What extensions say of how a value came to be known; :meth:`consume` removes just those from the
    resource.
    """

    raw: str | None = None
    status: str | None = None
    reason: str | None = None
    method: str | None = None
    span: Span | None = None
    candidates: list[tuple[str, str | None]] = field(default_factory=list)
    sources: dict[str, list[Json]] = field(default_factory=dict)

    def consume(self, *names: str) -> None:
        """Mark as carried: all of it, or the named parts."""
        for name in names or tuple(self.sources):
            for extension in self.sources.pop(name, []):
                extension.clear()


NOTHING = Meta()
"""Of an element without extensions: never changed."""


def read_meta(element: Any) -> Meta:
    """What the extensions of an element say. Anything that is not exactly of our shapes is left alone."""
    found = element.get("extension") if isinstance(element, dict) else None
    if not found or not isinstance(found, list):
        return NOTHING
    meta = Meta()
    for extension in found:
        match extension:
            case {"url": urls.DATA_ABSENT_REASON, "valueCode": str(reason)} if (
                len(extension) == 2 and reason in ABSENT_REASONS and meta.reason is None
            ):
                meta.reason = reason
                meta.sources["reason"] = [extension]
            case {"url": urls.ORIGINAL_TEXT, "valueString": str(raw)} if (
                len(extension) == 2 and raw.strip() and meta.raw is None
            ):
                meta.raw = raw
                meta.sources["raw"] = [extension]
            case {"url": urls.READING, "extension": list(parts)} if (
                len(extension) == 2 and "reading" not in meta.sources
            ):
                _read_parts(meta, extension, parts)
    return meta


def _read_parts(meta: Meta, extension: Json, parts: list[Any]) -> None:
    said: dict[str, Any] = {}
    candidates: list[tuple[str, str | None]] = []
    for part in parts:
        match part:
            case {"url": "candidate", "extension": list(inner)} if len(part) == 2:
                candidate = _read_candidate(inner)
                if candidate is None:
                    return
                candidates.append(candidate)
            case {"url": "status" | "method" | "start" | "end"} if len(part) == 2 and part["url"] not in said:
                name = part["url"]
                value = part.get(_PARTS[name])
                if value is None or (name == "status" and value not in ("derived", "ambiguous", "absent")):
                    return
                said[name] = value
            case _:
                return  # a shape of someone else's: all of it stays where it is
    if ("start" in said) != ("end" in said) or not isinstance(said.get("method", ""), str):
        return
    if "start" in said:
        try:
            meta.span = Span(start=said["start"], end=said["end"])
        except ValidationError:
            return
    meta.status, meta.method, meta.candidates = said.get("status"), said.get("method"), candidates
    meta.sources["reading"] = [extension]


_PARTS = {
    "status": "valueCode",
    "method": "valueString",
    "start": "valueUnsignedInt",
    "end": "valueUnsignedInt",
}


def _read_candidate(parts: list[Any]) -> tuple[str, str | None] | None:
    match parts:
        case [{"url": "value", "valueString": str(value)}] if len(parts[0]) == 2:
            return value, None
        case [{"url": "value", "valueString": str(value)}, {"url": "method", "valueString": str(how)}] if (
            len(parts[0]) == len(parts[1]) == 2
        ):
            return value, how
    return None


def make_fact(
    fact_type: type[Fact[Any]], value: Any, meta: Meta, *, raw: str | None = None
) -> Fact[Any] | None:
    """The fact that a value and its extensions make, or ``None``; consumes exactly what the fact carries.

    ``raw`` is what was written where the element itself, not an extension, says it.
    """
    if meta is NOTHING and raw is None:
        if value is None:
            return None
        try:
            return fact_type.of(_adapter(fact_type).validate_python(value))
        except ValidationError:
            return None
    written = raw if raw is not None else meta.raw
    content: dict[str, Any] = {"raw": written, "method": meta.method, "span": meta.span}
    used = ["reading"] if raw is not None else ["raw", "reading"]
    if value is not None:
        content |= {"value": value, "status": "derived" if meta.status == "derived" else "stated"}
        if meta.status in ("ambiguous", "absent") or meta.candidates:
            used.remove("reading")
            content |= {"method": None, "span": None}
    elif meta.reason is not None and meta.status in (None, "absent"):
        content |= {"status": "absent", "reason": meta.reason}
        used.append("reason")
    elif written is not None and meta.status in (None, "ambiguous"):
        content["status"] = "ambiguous"
        try:
            adapter = _adapter(fact_type)
            candidate: Any = Candidate
            content["candidates"] = tuple(
                candidate[fact_type.value_type()](
                    value=adapter.validate_python(_candidate_value(text)), method=how
                )
                for text, how in meta.candidates
            )
        except (ValidationError, InputError):
            content |= {"method": None, "span": None}
            used.remove("reading")
    else:
        return None
    try:
        fact = _made(fact_type, content)
    except ValidationError:
        if value is None:
            return None
        try:
            fact = _made(fact_type, {"value": value, "status": "stated"})
        except ValidationError:
            return None
        used = []
    meta.consume(*used) if used else None
    return fact


_TEXT: TypeAdapter[str] = TypeAdapter(Text)


def _made(fact_type: type[Fact[Any]], content: dict[str, Any]) -> Fact[Any]:
    """A fact whose parts fit together by the way they were read: only what stands in them is validated."""
    fields = {name: item for name, item in content.items() if item is not None}
    for name in ("raw", "method"):
        if name in fields:
            fields[name] = _TEXT.validate_python(fields[name])
    if "value" in fields:
        fields["value"] = _adapter(fact_type).validate_python(fields["value"])
    return fact_type.unchecked(fields)


@cache
def _adapter(fact_type: type[Fact[Any]]) -> TypeAdapter[Any]:
    return TypeAdapter(fact_type.value_type())
