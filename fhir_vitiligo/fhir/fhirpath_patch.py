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
        value = self._value(parts["value"], prop)
        if prop.is_list:
            values = node.value.setdefault(key, [])
            values.append(value)
            _beside(node.value, key, len(values) - 1).append(None)
            _settle(node.value, key)
        elif key in node.value:
            raise InputError(f"{node.path}.{key} is there already: replace it", code="duplicate")
        else:
            node.value[key] = value

    def _replace(self, node: Node, part: Json) -> None:
        around, key = _place(node)
        told = next((name[len("value") :] for name in part if name.startswith("value")), "")
        other = f"{node.name}{told}"
        choices = () if node.parent is None else node.parent.type.members[node.name]
        if told and other != key and other in {choice.key for choice in choices}:
            # A choice takes the type of the value: deceased[x] was a boolean, and becomes a date.
            _remove(around, key, node.index)
            key = other
        _put(around, key, node.index, self._value(part, self._property(node.parent, key)))

    def _insert(self, nodes: list[Node], parts: Mapping[str, Json]) -> None:
        index = _number(parts, "index")
        values, key, node = self._list(nodes, parts)
        if index > len(values):
            raise InputError(
                f"there are {len(values)} elements: {index} is no place among them", code="value"
            )
        around, _ = _place(node)
        _beside(around, key, len(values)).insert(index, None)
        values.insert(index, self._value(parts["value"], self._property(node.parent, key)))
        _settle(around, key)

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
        told = next((key[len("value") :] for key in value if key.startswith("value") and key != "value"), "")
        for key in (name, f"{name}{told}"):
            if key in properties:
                return key, properties[key]
        raise InputError(
            f"{_type_of(node)} has no element {name[:100]!r} that could hold this value", code="value"
        )

    def _property(self, around: Node | None, key: str) -> Property:
        assert around is not None
        return self.schemas.of(_type_of(around)).properties[key]

    def _value(self, part: Json, prop: Property) -> Any:
        """``value[x]``, a resource, or parts, where the element has a type without a name (``Patient.contact``)."""
        if "resource" in part:
            return part["resource"]
        for key, value in part.items():
            if key.startswith("value"):
                return value
        found: Json = {}
        inner = self.schemas.of(prop.content).properties if prop.kind == "complex" else {}
        for one in part.get("part", ()):
            name = str(one.get("name")) if isinstance(one, dict) else ""
            told = next((key[len("value") :] for key in one if key.startswith("value")), "") if name else ""
            own = next((key for key in (name, f"{name}{told}") if key in inner), None)
            if own is None:
                raise InputError(f"{prop.content} has no element {name[:100]!r}", code="value")
            value = self._value(one, inner[own])
            if inner[own].is_list:
                found.setdefault(own, []).append(value)
            else:
                found[own] = value
        if not found:
            raise InputError("the value is empty", code="required")
        return found


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
    raise InputError(f"{node.path} has no value of its own", code="value")


def _put(around: Json, key: str, index: int, value: Any) -> None:
    if index < 0:
        around[key] = value
        around.pop(f"_{key}", None)
    else:
        around[key][index] = value
        _beside(around, key, len(around[key]))[index] = None
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
        around.pop(key)
        around.pop(f"_{key}", None)


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
