"""Codecs: a case value and its FHIR datatype, encode and decode side by side (https://hl7.org/fhir/R4/datatypes.html).

``encode`` makes a new JSON value. ``decode`` reads a resource's JSON *in place*: what it understands it removes, what it does not
it leaves, so that what is left at the end is exactly what the case does not carry. A codec that can read nothing returns ``None``
and removes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import ValidationError

from fhir_vitiligo.case.values import Code, Fact, Identifier, Quantity, Range, Schedule, Term, assertable
from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.facts import Json, extensions, make_fact, read_meta
from fhir_vitiligo.terminology import registry, ucum
from fhir_vitiligo.terminology.concepts import Concept
from fhir_vitiligo.terminology.systems import UCUM, canonical_system


class Writing(Protocol):
    """What a codec may ask while writing."""

    def reference(self, kind: str, key: str) -> Json:
        """A Reference to the item's main resource."""

    @property
    def period_path(self) -> str:
        """Where an Encounter of this release holds its time."""


class Reading(Protocol):
    """What a codec may ask while reading."""

    def key(self, reference: Any, kinds: tuple[str, ...]) -> tuple[str, str] | None:
        """(kind, key) of the item a reference string points to, if it is one of these kinds."""


V = TypeVar("V")


class Codec(ABC):
    """One datatype. ``type`` is its name as choice elements spell it: ``value`` + ``Quantity``."""

    type: ClassVar[str]
    primitive: ClassVar[bool] = False
    whole: ClassVar[bool] = False
    """Whether it takes a field of many values all at once."""

    def bind(self, resource: str, path: str, release: Release) -> Codec:
        """The codec for one element of one release; most are the same everywhere."""
        return self

    @abstractmethod
    def encode(self, value: Any, to: Writing) -> Any:
        """The JSON of a value."""

    @abstractmethod
    def decode(self, node: Any, of: Reading) -> Any:
        """The value in the JSON, removing what it carries; ``None`` when there is nothing to read."""

    def member(self, name: str) -> str:
        """The member's name: ``onset[x]`` becomes ``onsetAge``."""
        return name[:-3] + self.type if name.endswith("[x]") else name

    def put(self, parent: Json, name: str, fact: Fact[Any], to: Writing) -> None:
        """Write a fact into the member ``name`` of ``parent``."""
        member = self.member(name)
        value = fact.value
        if value is not None and fact.plain:
            parent[member] = self.encode(value, to)
            return
        said = extensions(fact)
        if self.primitive:
            if value is not None:
                parent[member] = self.encode(value, to)
            parent["_" + member] = {"extension": said}
        else:
            node = self.encode(value, to) if value is not None else {}
            node["extension"] = said + node.get("extension", [])
            parent[member] = node

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        """Read a fact from the member ``name`` of ``parent``."""
        member = self.member(name)
        node = parent.get(member)
        if self.primitive:
            value = self.decode(node, of) if node is not None and not isinstance(node, dict | list) else None
            if value is None and node is not None:
                return None
            fact = make_fact(fact_type, value, read_meta(parent.get("_" + member)))
            if fact is not None and value is not None:
                del parent[member]
            return fact
        if not isinstance(node, dict):
            return None
        return make_fact(fact_type, self.decode(node, of), read_meta(node))

    def put_plain(self, parent: Json, name: str, value: Any, to: Writing) -> None:
        """Write a value that is no fact."""
        parent[self.member(name)] = self.encode(value, to)

    def take_plain(self, parent: Json, name: str, of: Reading) -> Any:
        """Read a value that is no fact."""
        member = self.member(name)
        node = parent.get(member)
        if node is None:
            return None
        value = self.decode(node, of)
        if value is not None and self.primitive:
            del parent[member]
        return value


class StringCodec(Codec):
    """string, markdown, uri...: any text without surrounding white space."""

    primitive = True

    def __init__(self, fhir_type: str = "String") -> None:
        self.type = fhir_type  # type: ignore[misc]  # one class serves every text type

    def encode(self, value: str, to: Writing) -> str:
        return value

    def decode(self, node: Any, of: Reading) -> str | None:
        return node.strip() if isinstance(node, str) and node.strip() else None


class BooleanCodec(Codec):
    type = "Boolean"
    primitive = True

    def encode(self, value: bool, to: Writing) -> bool:
        return value

    def decode(self, node: Any, of: Reading) -> bool | None:
        return node if isinstance(node, bool) else None


class DateCodec(Codec):
    """date: a year, a month or a day."""

    type = "Date"
    primitive = True

    def encode(self, value: str, to: Writing) -> str:
        return value

    def decode(self, node: Any, of: Reading) -> str | None:
        return node if isinstance(node, str) and len(node) <= 10 else None


class CodeCodec(Codec):
    """code of a required binding: the case's words to FHIR's. ``fallback`` stands where the case says nothing but FHIR must."""

    type = "Code"
    primitive = True

    def __init__(self, codes: Mapping[str, str], fallback: str | None = None) -> None:
        self.codes = dict(codes)
        self.words = {code: word for word, code in self.codes.items()}
        self.fallback = fallback

    def encode(self, value: str, to: Writing) -> str:
        return self.codes[value]

    def decode(self, node: Any, of: Reading) -> str | None:
        return self.words.get(node) if isinstance(node, str) else None

    def put(self, parent: Json, name: str, fact: Fact[Any], to: Writing) -> None:
        super().put(parent, name, fact, to)
        # A required code without a value is an error to validators even where a reason for its absence stands beside it.
        if fact.value is None and self.fallback is not None:
            parent[name] = self.fallback

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        if self.fallback is not None and parent.get(name) == self.fallback:
            meta = read_meta(parent.get("_" + name))
            if meta.reason is not None or meta.status == "ambiguous":
                fact = make_fact(fact_type, None, meta)
                if fact is not None:
                    del parent[name]
                return fact
        return super().take(parent, name, fact_type, of)


class QuantityCodec(Codec):
    """Quantity and its kin. A unit the registry holds goes out as UCUM, any other as text."""

    def __init__(self, fhir_type: str = "Quantity") -> None:
        self.type = fhir_type  # type: ignore[misc]  # Age, Duration and Count are written like Quantity

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
        if registry.may_emit(UCUM, unit):
            node["system"] = UCUM
            node["code"] = unit
    return node


def _unit(node: Json) -> tuple[str | None, tuple[str, ...]]:
    """The unit a Quantity states, and the members that say it."""
    system, code, text = node.get("system"), node.get("code"), node.get("unit")
    if isinstance(code, str) and (system is None or canonical_system(str(system)) == UCUM):
        used = ("system", "code")
        if isinstance(text, str) and (text == code or ucum.unit(text) == code):
            used += ("unit",)  # type: ignore[assignment]
        return code, used
    return (text, ("unit",)) if isinstance(text, str) else (None, ())


class RangeCodec(Codec):
    type = "Range"

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


def codings_json(concept: Concept) -> list[Json]:
    """The codings a concept is written with; new objects at each call."""
    return [dict(coding) for coding in _template(concept)]


def _template(concept: Concept) -> list[Json]:
    found = _TEMPLATES.get((concept.category, concept.key))
    if found is None:
        found = []
        for coding in concept.codings:
            node: Json = {"system": coding.system}
            if coding.version is not None:
                node["version"] = coding.version
            node["code"] = coding.code
            if coding.display is not None:
                node["display"] = coding.display
            found.append(node)
        _TEMPLATES[concept.category, concept.key] = found
    return found


_TEMPLATES: dict[tuple[str, str], list[Json]] = {}


def concept_json(category: str, key: str) -> Json:
    """A CodeableConcept for a concept of the registry."""
    concept = registry.concept(category, key)
    return {"coding": codings_json(concept), "text": concept.display}


class TermCodec(Codec):
    """CodeableConcept. A concept's own codings first, then what the source stated; what may not be asserted stays a record."""

    type = "CodeableConcept"

    def __init__(self, term: type[Term]) -> None:
        self.term = term

    def encode(self, value: Term, to: Writing) -> Json:
        node: Json = {}
        codings: list[Json] = []
        text = value.text
        if value.concept is not None:
            concept = registry.concept(value.category, value.concept)
            codings += codings_json(concept)
            text = text or concept.display
        recorded = []
        for code in value.codes:
            if assertable(code):
                codings.append(_coding(code))
            else:
                recorded.append({"url": urls.RECORDED_CODE, "extension": list(_recorded(code))})
        if recorded:
            node["extension"] = recorded
        if codings:
            node["coding"] = codings
        if text is not None:
            node["text"] = text
        return node

    def decode(self, node: Any, of: Reading) -> Term | None:
        if not isinstance(node, dict):
            return None
        codings = [c for c in _dicts(node.get("coding")) if isinstance(c.get("code"), str)]
        recorded = [e for e in _dicts(node.get("extension")) if e.get("url") == urls.RECORDED_CODE and _recorded_code(e)]
        text = node.get("text")
        stated: list[tuple[Code, Json]] = []
        for source in codings + recorded:
            try:
                stated.append((_code(source) if source in codings else _required(source), source))
            except ValidationError:
                continue
        try:
            value = self.term(text=text if isinstance(text, str) and text.strip() else None, codes=tuple(c for c, _ in stated))
        except ValidationError:
            try:
                value = self.term(codes=tuple(c for c, _ in stated))
            except ValidationError:
                return None
            text = None
        if isinstance(text, str):
            node.pop("text", None)
        for code, source in stated:
            if source.get("url") == urls.RECORDED_CODE:
                source.clear()
            elif code in value.codes:
                for member in ("system", "code", "display", "version"):
                    source.pop(member, None)
            else:
                _consume_own(source, value)
        return value


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _coding(code: Code) -> Json:
    node = {"system": code.system, "version": code.version, "code": code.code, "display": code.display}
    return {name: value for name, value in node.items() if value is not None}


def _code(coding: Json) -> Code:
    return Code.model_validate({name: coding[name] for name in ("system", "code", "display", "version") if name in coding})


_RECORDED = ("system", "code", "display", "version")


def _recorded(code: Code) -> list[Json]:
    values = ((name, getattr(code, name)) for name in _RECORDED)
    return [{"url": name, "valueString": value} for name, value in values if value is not None]


def _recorded_code(extension: Json) -> Code | None:
    parts = extension.get("extension")
    if len(extension) != 2 or not isinstance(parts, list):
        return None
    values = {}
    for part in parts:
        match part:
            case {"url": str(name), "valueString": str(value)} if len(part) == 2 and name in _RECORDED and name not in values:
                values[name] = value
            case _:
                return None
    try:
        return Code.model_validate(values)
    except ValidationError:
        return None


def _required(extension: Json) -> Code:
    code = _recorded_code(extension)
    if code is None:  # pragma: no cover - the caller checked
        raise TerminologyError("not a recorded code")
    return code


def _consume_own(coding: Json, value: Term) -> None:
    """Remove a coding that the term's concept stands for; a display that is not ours stays."""
    concept = registry.concept(value.category, value.concept) if value.concept else None
    for own in concept.codings if concept else ():
        if own.code == coding.get("code") and own.system == canonical_system(str(coding.get("system"))):
            if coding.get("display") in (own.display, concept.display if concept else None):
                coding.pop("display", None)
            if coding.get("version") == own.version:
                coding.pop("version", None)
            coding.pop("system", None)
            coding.pop("code", None)
            return


class ConceptCodec(Codec):
    """CodeableConcept for a word of the case that is a key of a registry category (or maps to one)."""

    type = "CodeableConcept"

    def __init__(self, category: str, keys: Mapping[str, str] | None = None) -> None:
        self.category = category
        self.keys = keys
        self.words = {key: word for word, key in keys.items()} if keys else None

    def encode(self, value: str, to: Writing) -> Json:
        return concept_json(self.category, self.keys[value] if self.keys else value)

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        text = node.get("text")
        for coding in _dicts(node.get("coding")):
            concept = registry.recognise(self.category, str(coding.get("system")), str(coding.get("code")))
            word = self._word(concept)
            if concept is not None and word is not None:
                for other in _dicts(node.get("coding")):
                    if registry.recognise(self.category, str(other.get("system")), str(other.get("code"))) == concept:
                        _consume_own(other, _Named(self.category, concept.key))  # type: ignore[arg-type]
                if text == concept.display:
                    node.pop("text")
                return word
        concept = registry.recognise_text(self.category, text) if isinstance(text, str) else None
        word = self._word(concept)
        if word is not None:
            node.pop("text")
        return word

    def _word(self, concept: Concept | None) -> str | None:
        if concept is None:
            return None
        return concept.key if self.words is None else self.words.get(concept.key)


class _Named:
    """A concept's name where there is no term around it."""

    def __init__(self, category: str, concept: str) -> None:
        self.category, self.concept = category, concept


class CodedCodec(Codec):
    """CodeableConcept or Coding from an HL7 code system of a fixed list: the case's words to its codes."""

    def __init__(self, system: str, codes: Mapping[str, str], *, coding: bool = False) -> None:
        self.type = "Coding" if coding else "CodeableConcept"  # type: ignore[misc]
        self.system, self.codes, self.bare = system, dict(codes), coding
        self.words = {code: word for word, code in codes.items()}

    def encode(self, value: str, to: Writing) -> Json:
        coding = {"system": self.system, "code": self.codes[value]}
        return coding if self.bare else {"coding": [coding]}

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        for coding in [node] if self.bare else _dicts(node.get("coding")):
            word = self.words.get(str(coding.get("code")))
            if word is not None and coding.get("system") == self.system:
                del coding["system"], coding["code"]
                return word
        return None


class ReferenceCodec(Codec):
    """Reference to another item, by its key. Only what is there is referred to."""

    type = "Reference"

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def encode(self, value: str, to: Writing) -> Json:
        return to.reference(self.kinds[0], value)

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        found = of.key(node.get("reference"), self.kinds)
        if found is None:
            return None
        del node["reference"]
        return found[1]


class IdentifierCodec(Codec):
    """Identifier: system and value."""

    type = "Identifier"

    def encode(self, value: Identifier, to: Writing) -> Json:
        node = {"system": value.system, "value": value.value}
        return {name: item for name, item in node.items() if item is not None}

    def decode(self, node: Any, of: Reading) -> Identifier | None:
        if not isinstance(node, dict):
            return None
        try:
            value = Identifier.model_validate({name: node[name] for name in ("system", "value") if name in node})
        except ValidationError:
            return None
        node.pop("system", None)
        node.pop("value", None)
        return value


class ScheduleCodec(Codec):
    """Timing: repeat.frequency per period, bounds, count; a schedule in words is Timing.code.text."""

    type = "Timing"
    _REPEAT: ClassVar[Mapping[str, str]] = {
        "frequency": "frequency", "frequencyMax": "frequency_max", "period": "period", "periodMax": "period_max",
        "periodUnit": "period_unit", "count": "count",
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
            code.pop("text")
        return value
