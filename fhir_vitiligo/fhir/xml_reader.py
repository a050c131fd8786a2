"""A tree of XML elements to the dict that JSON would give, by the definitions
(https://hl7.org/fhir/R4/xml.html).

A place is compiled when it is first met: for each element's name its rank in the order of the specification
and how its content is read. What is wrong is put down where it is met, and gets its FHIRPath while the walk
goes back up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import FROM_TEXT
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import ObjectSchema, Property, Schemas, schemas_of
from fhir_vitiligo.fhir.xml_faults import (
    Fault,
    empty,
    namespace,
    no_resource,
    order,
    prefix,
    repeated,
    second_resource,
    tell,
    tell_texts,
    unknown,
    unknown_attribute,
)
from fhir_vitiligo.fhir.xml_tree import FHIR, Node

# (element, faults) to the value and its companion.
_Read = Callable[[Node, list[Fault]], tuple[Any, Json | None]]


@dataclass(frozen=True, slots=True)
class _Slot:
    """What is read at one name: ``rank`` is the element's place in the order."""

    rank: int
    key: str
    step: str
    is_list: bool
    read: _Read


@dataclass(frozen=True, slots=True)
class _Shape:
    schema: ObjectSchema
    slots: dict[str, _Slot]
    attributes: frozenset[str]


@cache
def reader_of(release: Release) -> XmlReader:
    """The one reader of this release: what it compiled is kept."""
    return XmlReader(schemas_of(release))


class XmlReader:
    """Reads the trees of one release; threads may share it."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._resource_types = frozenset(schemas.definitions.resource_types)
        self._shapes: dict[str, _Shape] = {}

    def resource(self, root: Node) -> tuple[Json | None, list[Fault]]:
        """The resource at the root of a document, and what is wrong with how it is written."""
        faults: list[Fault] = []
        if root.namespace != FHIR:
            tell(faults, namespace, root)
        resource = self._resource(root, faults)
        for fault in faults:
            fault.steps.append(root.name if resource is not None else "")
        return resource, faults

    def _resource(self, node: Node, faults: list[Fault]) -> Json | None:
        if node.name not in self._resource_types:
            tell(faults, no_resource, node, self._schemas.definitions)
            return None
        content = self._content(node, self._shape(node.name), faults)
        if not content:
            tell(faults, empty, node, "a resource has at least one element")
        return {"resourceType": node.name, **content}

    def _shape(self, path: str) -> _Shape:
        found = self._shapes.get(path)
        if found is None:
            schema = self._schemas.of(path)
            ranks = {element.path: rank for rank, element in enumerate(schema.elements)}
            attributes = frozenset(
                one.key for one in schema.properties.values() if one.element.is_xml_attribute
            )
            slots = {
                one.key: self._slot(one, ranks[one.element.path])
                for one in schema.properties.values()
                if one.key not in attributes
            }
            found = self._shapes[path] = _Shape(schema, slots, attributes)
        return found

    def _slot(self, one: Property, rank: int) -> _Slot:
        if one.kind == "resource":
            read: _Read = self._wrapped
        elif one.content == "xhtml":
            read = _narrative
        elif one.kind == "primitive":
            read = self._primitive(one.content)
        else:
            read = self._complex(one.content)
        return _Slot(rank, one.key, one.step, one.is_list, read)

    def _complex(self, path: str) -> _Read:
        shape: _Shape | None = None

        def read(node: Node, faults: list[Fault]) -> tuple[Any, Json | None]:
            nonlocal shape
            if shape is None:
                shape = self._shape(path)
            if not node.children and not node.attributes and not node.texts and not node.findings:
                tell(faults, empty, node)
            return self._content(node, shape, faults), None

        return read

    def _primitive(self, code: str) -> _Read:
        value_of = FROM_TEXT.get(code)
        element: _Shape | None = None

        def read(node: Node, faults: list[Fault]) -> tuple[Any, Json | None]:
            nonlocal element
            attributes = node.attributes
            value: Any = attributes.get("value")
            plain = not node.children and not node.texts and not node.findings
            if value is None and plain and not attributes:
                tell(faults, empty, node, "write its value in an attribute `value`")
                return None, None
            if value is not None and value_of is not None:
                value = value_of(value)
            if value is not None and len(attributes) == 1 and plain:
                return value, None
            if element is None:
                element = self._shape("Element")
            return value, self._content(node, element, faults, _WITH_VALUE) or None

        return read

    def _wrapped(self, node: Node, faults: list[Fault]) -> tuple[Any, Json | None]:
        """``<contained><Patient>...``: an element around a resource."""
        for name in node.attributes:
            tell(faults, unknown_attribute, node, name, frozenset(), ())
        tell_texts(faults, node)
        if not node.children:
            tell(faults, empty, node, "write a resource inside it")
            return None, None
        if len(node.children) > 1:
            tell(faults, second_resource, node, node.children[1])
        inside = node.children[0]
        if inside.namespace != node.namespace:
            tell(faults, namespace, inside)
        return self._resource(inside, faults), None

    def _content(
        self, node: Node, shape: _Shape, faults: list[Fault], own: frozenset[str] = frozenset()
    ) -> Json:
        """The members of an object; ``own`` are attributes that were read already."""
        result: Json = {}
        for name, value in node.attributes.items():
            if name in shape.attributes:
                result[name] = value
            elif name not in own:
                tell(faults, unknown_attribute, node, name, shape.attributes | own, shape.slots)
        if node.texts or node.findings:
            tell_texts(faults, node)
        slots = shape.slots
        around = node.namespace
        reached = -1
        counts: dict[str, int] = {}
        for child in node.children:
            slot = slots.get(child.name)
            if slot is None:
                tell(faults, unknown, child, shape.schema, shape.attributes)
                continue
            key = slot.key
            before = len(faults)
            count = counts[key] = counts.get(key, -1) + 1
            if child.namespace != around and slot.read is not _narrative:
                tell(faults, namespace, child)
            if slot.rank < reached:
                tell(faults, _late, child, node, slots)
            reached = slot.rank
            if slot.is_list:
                value, companion = slot.read(child, faults)
                _put(result, key, value, companion)
                if len(faults) > before:
                    prefix(faults, before, f"{slot.step}[{count}]")
                continue
            if count:
                # That there are too many is a fault of what they stand in.
                if len(faults) > before:
                    prefix(faults, before, slot.step)
                tell(faults, repeated, child, count + 1)
                continue
            value, companion = slot.read(child, faults)
            if value is not None:
                result[key] = value
            if companion is not None:
                result[f"_{key}"] = companion
            if len(faults) > before:
                prefix(faults, before, slot.step)
        return result


_WITH_VALUE = frozenset({"value"})


def _late(child: Node, parent: Node, slots: dict[str, _Slot]) -> Fault:
    rank = slots[child.name].rank
    others = (other.name for other in parent.children if other.name in slots)
    return order(child, next(name for name in others if slots[name].rank > rank))


def _narrative(node: Node, faults: list[Fault]) -> tuple[Any, Json | None]:
    return node.source, None


def _put(result: Json, key: str, value: Any, companion: Json | None) -> None:
    """An entry of a list; the companion list is filled up with null as soon as there is one. What could not be
    read is null, so that every entry keeps its number.
    """
    under = f"_{key}"
    values: list[Any] | None = result.get(key)
    companions: list[Any] | None = result.get(under)
    count = len(values) if values is not None else len(companions or ())
    if value is not None or companion is None:
        if values is None:
            values = result[key] = [None] * count
        values.append(value)
        if companion is None and companions is not None:
            companions.append(None)
    elif values is not None:
        values.append(None)
    if companion is not None:
        if companions is None:
            companions = result[under] = [None] * count
        companions.append(companion)
