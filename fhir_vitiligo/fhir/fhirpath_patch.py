"""FHIRPath Patch: operations in a Parameters resource, applied to a resource (https://hl7.org/fhir/R4/fhirpatch.html)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.fhirpath import Node, compile_expression, root
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import Property, schemas_of

MOST_OPERATIONS = 1000
_PARTS = {
    "add": ("path", "name", "value"),
    "insert": ("path", "index", "value"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}


def fhirpath_patch(resource: Json, patch: Json, release: Release) -> Json:
    """The resource after the operations of the patch, all or none; the one given is not changed.

    :class:`InputError` names the operation (``Parameters.parameter[2]``) that cannot be done.
    """
    found = copy.deepcopy(resource)
    operations = patch.get("parameter", [])
    if patch.get("resourceType") != "Parameters" or not isinstance(operations, list):
        raise InputError("a FHIRPath Patch is a Parameters resource", code="structure")
    if len(operations) > MOST_OPERATIONS:
        raise InputError(f"a FHIRPath Patch has at most {MOST_OPERATIONS} operations", code="too-costly")
    for index, operation in enumerate(operations):
        try:
            _Patch(found, release).do(operation)
        except InputError as error:
            issue = error.issues[0]
            raise InputError(
                issue.text, code=issue.code, expression=f"Parameters.parameter[{index}]"
            ) from None
    return found


class _Patch:
    def __init__(self, resource: Json, release: Release) -> None:
        self.resource = resource
        self.release = release
        self.schemas = schemas_of(release)

    def do(self, operation: Any) -> None:
        parts = _parts_of(operation)
        kind = _text(parts, "type")
        if kind not in _PARTS:
            raise InputError(f"the type is one of {', '.join(_PARTS)}, not {kind[:50]!r}", code="value")
        missing = [name for name in _PARTS[kind] if name not in parts]
        if missing:
            raise InputError(f"{kind} needs the part {missing[0]}", code="required")
        nodes = self._nodes(_text(parts, "path"))
        match kind:
            case "add":
                self._add(self._one(nodes, parts), parts)
            case "insert":
                self._insert(nodes, parts)
            case "replace":
                self._replace(self._one(nodes, parts), parts["value"])
            case "delete":
                if len(nodes) > 1:
                    raise InputError(
                        f"{_text(parts, 'path')} names {len(nodes)} elements: delete takes one",
                        code="multiple-matches",
                    )
                for node in nodes:
                    _remove(*_place(node), node.index)
            case _:
                self._move(nodes, parts)

    def _nodes(self, path: str) -> list[Node]:
        found = compile_expression(path, self.release).evaluate(root(self.resource, self.release))
        if not all(isinstance(one, Node) for one in found):
            raise InputError(f"{path} names no elements of the resource", code="value")
        return found

    def _one(self, nodes: list[Node], parts: Mapping[str, Json]) -> Node:
        if len(nodes) != 1:
            raise InputError(
                f"{_text(parts, 'path')} names {len(nodes) or 'no'} elements: one is needed", code="not-found"
            )
        return nodes[0]

    def _add(self, node: Node, parts: Mapping[str, Json]) -> None:
        if not isinstance(node.value, dict):
            raise InputError(f"{node.path} takes no elements", code="value")
        key, prop = self._key(node, _text(parts, "name"), parts["value"])
        value, beside = self._value(parts["value"], prop)
        if prop.is_list:
            _insert(node.value, key, None, value, beside)
        elif key in node.value or f"_{key}" in node.value:
            raise InputError(f"{node.path}.{key} is there already: replace it", code="duplicate")
        else:
            _put(node.value, key, -1, value, beside)

    def _replace(self, node: Node, part: Json) -> None:
        around, key = _place(node)
        told = _type_told(part)
        other = f"{node.name}{told}"
        choices = () if node.parent is None else node.parent.type.members[node.name]
        if told and other != key and other in {choice.key for choice in choices}:
            # A choice takes the type of the value: deceased[x] was a boolean, and becomes a date.
            _remove(around, key, node.index)
            key = other
        _put(around, key, node.index, *self._value(part, self._property(node.parent, key)))

    def _insert(self, nodes: list[Node], parts: Mapping[str, Json]) -> None:
        index = _number(parts, "index")
        values, key, node = self._list(nodes, parts)
        if index > len(values):
            raise InputError(
                f"there are {len(values)} elements: {index} is no place among them", code="value"
            )
        around, _ = _place(node)
        _insert(around, key, index, *self._value(parts["value"], self._property(node.parent, key)))

    def _move(self, nodes: list[Node], parts: Mapping[str, Json]) -> None:
        values, key, node = self._list(nodes, parts)
        source, destination = _number(parts, "source"), _number(parts, "destination")
        if source >= len(values) or destination >= len(values):
            raise InputError(f"there are {len(values)} elements: move within them", code="value")
        around, _ = _place(node)
        beside = _beside(around, key, len(values))
        for one in (values, beside):
            one.insert(destination, one.pop(source))
        _settle(around, key)

    def _list(self, nodes: list[Node], parts: Mapping[str, Json]) -> tuple[list[Any], str, Node]:
        places = {(id(_place(node)[0]), _place(node)[1]) for node in nodes}
        if len(places) != 1 or nodes[0].index < 0:
            raise InputError(f"{_text(parts, 'path')} does not name the elements of one list", code="value")
        around, key = _place(nodes[0])
        values = around[key]
        assert isinstance(values, list)
        return values, key, nodes[0]

    def _key(self, node: Node, name: str, value: Json) -> tuple[str, Property]:
        properties = self.schemas.of(_type_of(node)).properties
        for key in (name, f"{name}{_type_told(value)}"):
            if key in properties:
                return key, properties[key]
        raise InputError(
            f"{_type_of(node)} has no element {name[:100]!r} that could hold this value", code="value"
        )

    def _property(self, around: Node | None, key: str) -> Property:
        assert around is not None
        return self.schemas.of(_type_of(around)).properties[key]

    def _value(self, part: Json, prop: Property) -> tuple[Any, Any]:
        """``value[x]``, with what stands beside it where it is primitive, a resource, or parts, where the element has a type
        without a name (``Patient.contact``).
        """
        if "resource" in part:
            return part["resource"], None
        if told := _type_told(part):
            beside = part.get(f"_value{told}") if prop.kind == "primitive" else None
            return part.get(f"value{told}"), beside
        found: Json = {}
        inner = self.schemas.of(prop.content).properties if prop.kind == "complex" else {}
        for one in part.get("part", ()):
            name = str(one.get("name")) if isinstance(one, dict) else ""
            told = _type_told(one) if name else ""
            own = next((key for key in (name, f"{name}{told}") if key in inner), None)
            if own is None:
                raise InputError(f"{prop.content} has no element {name[:100]!r}", code="value")
            value, beside = self._value(one, inner[own])
            if inner[own].is_list:
                _insert(found, own, None, value, beside)
            else:
                _put(found, own, -1, value, beside)
        if not found:
            raise InputError("the value is empty", code="required")
        return found, None


def _type_of(node: Node) -> str:
    return node.type.path


def _place(node: Node) -> tuple[Json, str]:
    """The object an element stands in, and its JSON name there."""
    around = node.parent
    if around is None or not isinstance(around.value, dict):
        raise InputError("the resource itself cannot be patched away", code="value")
    for choice in around.type.members[node.name]:
        if choice.key in around.value:
            return around.value, choice.key
        if beside := around.value.get(f"_{choice.key}"):
            if isinstance(beside, list):
                around.value[choice.key] = [None] * len(beside)
            return around.value, choice.key
    raise InputError(f"{node.path} has no value of its own", code="value")


def _put(around: Json, key: str, index: int, value: Any, beside: Any) -> None:
    """The value in place of what was there, and of what stood beside that."""
    if index >= 0:
        around[key][index] = value
        _beside(around, key, len(around[key]))[index] = beside
        _settle(around, key)
        return
    for name, one in ((key, value), (f"_{key}", beside)):
        if one is None:
            around.pop(name, None)
        else:
            around[name] = one


def _insert(around: Json, key: str, index: int | None, value: Any, beside: Any) -> None:
    """The value among those of a list, or behind them."""
    values = around.setdefault(key, [])
    index = len(values) if index is None else index
    _beside(around, key, len(values)).insert(index, beside)
    values.insert(index, value)
    _settle(around, key)


def _beside(around: Json, key: str, length: int) -> list[Any]:
    """What ids and extensions stand beside the values of a list of primitives, as long as the list
    (https://hl7.org/fhir/R4/json.html#primitive); of another list nothing.
    """
    beside = around.setdefault(f"_{key}", [])
    if not isinstance(beside, list):
        raise InputError(f"`_{key}` is an array, as `{key}` is", code="structure")
    beside += [None] * (length - len(beside))
    return beside


def _settle(around: Json, key: str) -> None:
    """Beside values that have neither id nor extension stands nothing."""
    if not any(around[f"_{key}"]):
        del around[f"_{key}"]


def _remove(around: Json, key: str, index: int) -> None:
    if index >= 0:
        del _beside(around, key, len(around[key]))[index]
        del around[key][index]
        _settle(around, key)
    if index < 0 or not around[key]:
        around.pop(key, None)
        around.pop(f"_{key}", None)


def _type_told(part: Json) -> str:
    """The type in the name of ``value[x]``, or of what stands beside a primitive without a value; empty if there is none."""
    names = (name.removeprefix("_") for name in part)
    return next((name[len("value") :] for name in names if name.startswith("value") and name != "value"), "")


def _parts_of(operation: Any) -> dict[str, Json]:
    if (
        not isinstance(operation, dict)
        or operation.get("name") != "operation"
        or not isinstance(operation.get("part"), list)
    ):
        raise InputError("each parameter is called `operation` and has parts", code="structure")
    return {str(one.get("name")): one for one in operation["part"] if isinstance(one, dict)}


def _text(parts: Mapping[str, Json], name: str) -> str:
    part = parts.get(name, {})
    value = next((value for key, value in part.items() if key in ("valueString", "valueCode")), None)
    if not isinstance(value, str):
        raise InputError(f"the part {name} is needed, as text", code="required")
    return value


def _number(parts: Mapping[str, Json], name: str) -> int:
    value = parts[name].get("valueInteger")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"the part {name} is a whole number from 0 on", code="value")
    return value
