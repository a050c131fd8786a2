"""Codecs: a case value and its FHIR datatype, encode and decode side by side (https://hl7.org/fhir/R4/datatypes.html).

``encode`` makes a new JSON value. ``decode`` reads a resource's JSON *in place*: what it understands it
removes, what it does not it leaves, so that what is left at the end is exactly what the case does not carry.
A codec that can read nothing returns ``None`` and removes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import ValidationError

from fhir_vitiligo.case.coded import ABSOLUTE_URI
from fhir_vitiligo.case.values import Fact, Identifier
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.facts import Json, extensions, make_fact, read_meta
from fhir_vitiligo.mapping.residue import leaves


class Writing(Protocol):
    """What a codec may ask while writing."""

    @property
    def urns(self) -> Mapping[tuple[str, str], str]:
        """The URL of an item's main resource, by kind and key."""

    def is_use(self, key: str) -> bool:
        """Whether an intervention is the use of a medication."""

    @property
    def period_path(self) -> str:
        """Where an Encounter of this release holds its time."""


class Reading(Protocol):
    """What a codec may ask while reading."""

    def key(self, reference: Any, kinds: tuple[str, ...]) -> tuple[str, str] | None:
        """(kind, key) of the item a reference string points to, if it is one of these kinds."""


V = TypeVar("V")
Writer = Callable[[Json, Any, Writing], None]
"""Writes a value into a parent."""


class Codec(ABC):
    """One datatype. ``datatype`` is its name as choice elements spell it: ``value`` + ``Quantity``."""

    datatype: str
    primitive: ClassVar[bool] = False
    whole: ClassVar[bool] = False
    """Whether it takes a field of many values all at once."""
    elsewhere: bool = False
    """Whether it reads other members than the one it is given."""
    remembered: ClassVar[bool] = False
    """Whether what it reads follows from the element's JSON alone: the same words come again and again, and
    are read once.
    """

    @property
    def straight(self) -> Codec | None:
        """The codec whose ``encode`` makes what stands in the member where there is a value: this one, or the
        one it is around. ``None`` where :meth:`writer` does more than that.
        """
        return self

    def source(self, name: Callable[[Any], str]) -> str:
        """:meth:`encode` of ``value`` as Python source: a call of it, or what it comes to. ``name`` gives an
        object a name in the source.
        """
        return f"{name(self.encode)}(value, to)"

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
        return name[:-3] + self.datatype if name[-1] == "]" else name

    def writer(self, name: str) -> Writer:
        """The function that writes a fact into the member ``name`` of a parent."""
        member, encode = self.member(name), self.encode
        beside = "_" + member

        def write_primitive(parent: Json, fact: Fact[Any], to: Writing) -> None:
            value = fact.value
            if value is not None:
                parent[member] = encode(value, to)
            said = extensions(fact)
            if said:
                parent[beside] = {"extension": said}

        def write_element(parent: Json, fact: Fact[Any], to: Writing) -> None:
            value = fact.value
            node = parent[member] = encode(value, to) if value is not None else {}
            said = extensions(fact)
            if said:
                node["extension"] = said + node["extension"] if "extension" in node else said

        return write_primitive if self.primitive else write_element

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        """Read a fact from the member ``name`` of ``parent``."""
        member = name[:-3] + self.datatype if name[-1] == "]" else name
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
        if self.remembered:
            found: Fact[Any] | None
            found, left = _remembered(self, fact_type, json.dumps(node))
            if found is not None:
                restore(node, left)
            return found
        return _take(self, node, fact_type, of)

    def plain_writer(self, name: str) -> Writer:
        """The same for a value that is no fact."""
        member, encode = self.member(name), self.encode

        def write(parent: Json, value: Any, to: Writing) -> None:
            parent[member] = encode(value, to)

        return write

    def take_plain(self, parent: Json, name: str, of: Reading) -> Any:
        """Read a value that is no fact."""
        member = self.member(name)
        node = parent.get(member)
        if node is None:
            return None
        if self.remembered and isinstance(node, dict):
            value, left = _remembered(self, None, json.dumps(node))
            if value is not None:
                restore(node, left)
            return value
        value = self.decode(node, of)
        if value is not None and self.primitive:
            del parent[member]
        return value


class _NoReading:
    """For codecs that ask nothing."""

    def key(self, reference: Any, kinds: tuple[str, ...]) -> None:
        raise NotImplementedError("a codec that is remembered reads no references")  # pragma: no cover


def _take(codec: Codec, node: Json, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
    kept = json.dumps(node)
    value = codec.decode(node, of)
    fact = make_fact(fact_type, value, read_meta(node))
    if fact is None and value is not None:
        restore(node, kept)  # read, yet nothing that this field takes
    return fact


@lru_cache(maxsize=8192)
def _remembered(codec: Codec, fact_type: type[Fact[Any]] | None, text: bytes) -> tuple[Any, bytes]:
    """What a codec reads in the text of an element, and the text of what it leaves."""
    node = json.loads(text)
    of = _NoReading()
    found = codec.decode(node, of) if fact_type is None else _take(codec, node, fact_type, of)
    return found, json.dumps(node) if next(leaves(node), None) is not None else b""


class StringCodec(Codec):
    """string, markdown, uri...: any text without surrounding white space."""

    primitive = True

    def __init__(self, fhir_type: str = "String") -> None:
        self.datatype = fhir_type  # one class serves every text type

    def encode(self, value: str, to: Writing) -> str:
        return value

    def source(self, name: Callable[[Any], str]) -> str:
        return "value"

    def decode(self, node: Any, of: Reading) -> str | None:
        return node.strip() if isinstance(node, str) and node.strip() else None


class BooleanCodec(Codec):
    datatype = "Boolean"
    primitive = True

    def encode(self, value: bool, to: Writing) -> bool:
        return value

    def source(self, name: Callable[[Any], str]) -> str:
        return "value"

    def decode(self, node: Any, of: Reading) -> bool | None:
        return node if isinstance(node, bool) else None


class DateCodec(Codec):
    """date: a year, a month or a day."""

    datatype = "Date"
    primitive = True

    def encode(self, value: str, to: Writing) -> str:
        return value

    def source(self, name: Callable[[Any], str]) -> str:
        return "value"

    def decode(self, node: Any, of: Reading) -> str | None:
        return node if isinstance(node, str) and len(node) <= 10 else None


class CodeCodec(Codec):
    """code of a required binding: the case's words to FHIR's. ``fallback`` stands where the case says nothing
    but FHIR must.
    """

    datatype = "Code"
    primitive = True

    def __init__(self, codes: Mapping[str, str], fallback: str | None = None) -> None:
        self.codes = dict(codes)
        self.words = {code: word for word, code in self.codes.items()}
        self.fallback = fallback

    def encode(self, value: str, to: Writing) -> str:
        return self.codes[value]

    def decode(self, node: Any, of: Reading) -> str | None:
        return self.words.get(node) if isinstance(node, str) else None

    def writer(self, name: str) -> Writer:
        write_code, fallback = super().writer(name), self.fallback
        if fallback is None:
            return write_code

        def write(parent: Json, fact: Fact[Any], to: Writing) -> None:
            write_code(parent, fact, to)
            # A required code without a value is an error to validators even where a reason for its absence
            # stands beside it.
            if fact.value is None:
                parent[name] = fallback

        return write

    def take(self, parent: Json, name: str, fact_type: type[Fact[Any]], of: Reading) -> Fact[Any] | None:
        if self.fallback is not None and parent.get(name) == self.fallback:
            meta = read_meta(parent.get("_" + name))
            if meta.reason is not None or meta.status == "ambiguous":
                fact = make_fact(fact_type, None, meta)
                if fact is not None:
                    del parent[name]
                return fact
        return super().take(parent, name, fact_type, of)


def restore(node: Json, kept: bytes) -> None:
    """Make a node what it was, or what was left of it, by its text: cheaper than a copy of each."""
    node.clear()
    if kept:
        node.update(json.loads(kept))


def dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


class ReferenceCodec(Codec):
    """Reference to another item, by its key. Only what is there is referred to."""

    datatype = "Reference"

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def encode(self, value: str, to: Writing) -> Json:
        return {"reference": to.urns[self.kinds[0], value]}

    def source(self, name: Callable[[Any], str]) -> str:
        return f"{{'reference': to.urns[{self.kinds[0]!r}, value]}}"

    def decode(self, node: Any, of: Reading) -> str | None:
        if not isinstance(node, dict):
            return None
        found = of.key(node.get("reference"), self.kinds)
        if found is None:
            return None
        del node["reference"]
        return found[1]


class IdentifierCodec(Codec):
    """Identifier: system and value. A system that is no URI is the name of a kind of identifier:
    ``type.text``.
    """

    datatype = "Identifier"

    def encode(self, value: Identifier, to: Writing) -> Json:
        if value.system is None:
            return {"value": value.value}
        if ABSOLUTE_URI.match(value.system) is None:
            return {"type": {"text": value.system}, "value": value.value}
        return {"system": value.system, "value": value.value}

    def decode(self, node: Any, of: Reading) -> Identifier | None:
        if not isinstance(node, dict):
            return None
        system, kind = node.get("system"), node.get("type")
        named = system is None and isinstance(kind, dict) and isinstance(kind.get("text"), str)
        if named:
            system = node["type"]["text"]
            if ABSOLUTE_URI.match(system) is not None:
                return None  # it would go out as a system, which it is not
        try:
            value = Identifier.model_validate({"system": system, "value": node.get("value")})
        except ValidationError:
            return None
        node.pop("system", None)
        node.pop("value", None)
        if named:
            del node["type"]["text"]
        return value
