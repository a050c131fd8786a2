"""The dict of a resource as FHIR XML (https://hl7.org/fhir/R4/xml.html): elements in the order of the
specification, values in attributes, narratives as XHTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import MAX_DEPTH, Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import Property, schemas_of, similar_name
from fhir_vitiligo.fhir.xml_tree import FHIR, XHTML, XmlError, read

_TO_ESCAPE = re.compile('[\x00-\x1f&<>"\ud800-\udfff\ufffe\uffff]')
# What XML 1.0 cannot hold, not even as a reference.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# White space in an attribute becomes spaces when it is read, unless written as references.
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})


def to_xml(resource: Json, release: Release | str, *, indent: bool = False) -> bytes:
    """The XML of a resource in UTF-8; ``indent`` writes it for people.

    The resource is expected to keep to the JSON form. :class:`InputError` names what XML has no place for:
    an element the release does not know, an object where a value should be, a character XML cannot hold, a
    narrative that is not well-formed XHTML.
    """
    writer = _Writer(Release.of(release), "\n" if indent else "")
    writer.resource(resource, "", 0)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(writer.out).encode() + b"\n"


@cache
def _tables(release: Release) -> _Tables:
    return _Tables(release)


class _Tables:
    """By place, the elements in the order in which they are written; each place is worked out once."""

    def __init__(self, release: Release) -> None:
        self.schemas = schemas_of(release)
        self.types = frozenset(self.schemas.definitions.resource_types)
        self._ranked: dict[str, dict[str, tuple[int, Property]]] = {}

    def ranked(self, path: str) -> dict[str, tuple[int, Property]]:
        """The rank and the definition of each JSON name."""
        found = self._ranked.get(path)
        if found is None:
            listed = self.schemas.of(path).properties.values()
            found = self._ranked[path] = {one.key: (rank, one) for rank, one in enumerate(listed)}
        return found


class _Writer:
    def __init__(self, release: Release, line: str) -> None:
        self.out: list[str] = []
        self._tables = _tables(release)
        self._line = line

    def resource(self, value: Any, place: str, depth: int) -> None:
        if not isinstance(value, dict):
            raise _refused(place, "a resource is an object")
        name = value.get("resourceType")
        if not isinstance(name, str) or name not in self._tables.types:
            known = self._tables.schemas.definitions
            hint = similar_name(str(name), known.resource_types)
            raise _refused(place, f"{name!r:.80} is not a resource type of FHIR {known.release.name}{hint}")
        declared = f' xmlns="{FHIR}"' if depth == 0 else ""
        members = {key: item for key, item in value.items() if key != "resourceType"}
        self._element(name, members, name, declared, place or name, depth)

    def _element(self, name: str, members: Json, path: str, attributes: str, place: str, depth: int) -> None:
        """An element with what its object holds. ``attributes`` are those it has besides."""
        if depth > MAX_DEPTH:
            raise InputError(
                f"the resource is nested more than {MAX_DEPTH} deep", code="too-costly", expression=place
            )
        content: list[Property] = []
        for one in self._ordered(members, path, place):
            if one.element.is_xml_attribute:
                attributes += f' {one.key}="{self._text(members[one.key], place, one)}"'
            else:
                content.append(one)
        begin = self._indent(depth) if self.out else ""
        if not content:
            self.out.append(f"{begin}<{name}{attributes}/>")
            return
        self.out.append(f"{begin}<{name}{attributes}>")
        for one in content:
            companion = members.get(f"_{one.key}") if one.companion else None
            for item, beside, step in _entries(one, members.get(one.key), companion, place):
                self._property(one, item, beside, f"{place}.{step}", depth + 1)
        self.out.append(f"{self._indent(depth)}</{name}>")

    def _ordered(self, members: Json, path: str, place: str) -> list[Property]:
        """What is there, in the order of the specification; :class:`InputError` for what no definition knows."""
        ranked = self._tables.ranked(path)
        found: dict[int, Property] = {}
        for key in members:
            known = ranked.get(key)
            if known is None and key.startswith("_"):
                known = ranked.get(key[1:])
                if known is not None and not known[1].companion:
                    known = None
            if known is None:
                raise _refused(place, self._tables.schemas.of(path).unknown(key)[1])
            found[known[0]] = known[1]
        return [found[rank] for rank in sorted(found)]

    def _indent(self, depth: int) -> str:
        return f"{self._line}{'  ' * depth}" if self._line else ""

    def _property(self, one: Property, value: Any, companion: Any, place: str, depth: int) -> None:
        if one.kind == "resource":
            self.out.append(f"{self._indent(depth)}<{one.key}>")
            self.resource(value, place, depth + 1)
            self.out.append(f"{self._indent(depth)}</{one.key}>")
        elif one.kind == "complex":
            if not isinstance(value, dict):
                raise _refused(place, f"`{one.key}` is an object")
            self._element(one.key, value, one.content, "", place, depth)
        elif one.content == "xhtml":
            self.out.append(self._indent(depth) + self._narrative(value, place))
        else:
            attribute = "" if value is None else f' value="{self._text(value, place, one)}"'
            if companion is None:
                self.out.append(f"{self._indent(depth)}<{one.key}{attribute}/>")
            elif isinstance(companion, dict):
                self._element(one.key, companion, "Element", attribute, place, depth)
            else:
                raise _refused(place, f"`_{one.key}` is an object with an id or extensions")

    def _text(self, value: Any, place: str, one: Property) -> str:
        if isinstance(value, str):
            if _TO_ESCAPE.search(value) is None:
                return value
            if found := _FORBIDDEN.search(value):
                told = f"`{one.key}` has the character U+{ord(found[0]):04X}, which XML cannot hold"
                raise _refused(place, told)
            return value.translate(_ATTRIBUTE)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | Decimal):
            return str(value)
        if isinstance(value, float) and isfinite(value):
            return repr(value)  # its shortest decimal form, as everywhere that Python's own JSON comes in
        raise _refused(place, f"`{one.key}` is a plain value")

    def _narrative(self, value: Any, place: str) -> str:
        """The XHTML as written; entities that only HTML knows become references."""
        if not isinstance(value, str):
            raise _refused(place, "a narrative is a string")
        text = _ENTITY.sub(_reference, value.strip()).replace("\r", "&#13;")
        try:
            root = read(text.encode("utf-8", "replace")).root
        except XmlError as error:
            raise _refused(place, f"the narrative cannot be written as XML: {error}") from None
        if root.name != "div" or root.namespace != XHTML:
            raise _refused(place, f'the narrative is one <div xmlns="{XHTML}">')
        # A declaration and comments may stand in front of it, and have no place inside a document.
        return text[len(text.encode()[: root.offset].decode()) :]


def _entries(one: Property, value: Any, companion: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    """The values of an element with their companions, and the step that leads to each."""
    if not one.is_list:
        yield value, companion, one.step
        return
    values = [] if value is None else value
    beside = [] if companion is None else companion
    if not isinstance(values, list) or not isinstance(beside, list):
        raise _refused(place, f"`{one.key}` is an array")
    for index in range(max(len(values), len(beside))):
        item = values[index] if index < len(values) else None
        extra = beside[index] if index < len(beside) else None
        yield item, extra, f"{one.step}[{index}]"


def _reference(found: re.Match[str]) -> str:
    from html.entities import html5

    if found[1] in _XML_ENTITIES or f"{found[1]};" not in html5:
        return found[0]
    return "".join(f"&#{ord(sign)};" for sign in html5[f"{found[1]};"])


def _refused(place: str, text: str) -> InputError:
    return InputError(
        f"cannot be written as XML: {text.removesuffix('.')}", code="structure", expression=place
    )
