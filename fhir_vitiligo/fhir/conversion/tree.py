"""A resource as a tree in which a primitive carries what its ``_name`` says of it
(https://hl7.org/fhir/R4/json.html#primitive).

In JSON the value of an element and its extensions are two members. What moves an element has to move both, so
here they are one: a plain value, or a :class:`Primitive` where there is more than the value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import Json


@dataclass(frozen=True, slots=True)
class Primitive:
    """``value`` (None where there is none) with ``more``: its ``id`` and ``extension``."""

    value: Any
    more: Json = field(hash=False)


def to_tree(value: Any) -> Any:
    """JSON as a tree; :class:`~fhir_vitiligo.errors.InputError` names a ``_name`` that does not fit its element."""
    if isinstance(value, list):
        return [to_tree(one) for one in value]
    if not isinstance(value, dict):
        return value
    found: Json = {}
    for key, child in value.items():
        name = key.removeprefix("_")
        if key == name:
            found.setdefault(name, to_tree(child))
        if f"_{name}" in value:
            found[name] = _joined(name, value.get(name), value[f"_{name}"])
    return found


def _joined(name: str, value: Any, more: Any) -> Any:
    if isinstance(more, list):
        values = value if isinstance(value, list) else [None] * len(more)
        if len(values) == len(more):
            return [_joined(name, *pair) for pair in zip(values, more, strict=True)]
    elif more is None:
        return to_tree(value)
    elif isinstance(more, dict) and not isinstance(value, (dict, list)):
        return Primitive(value, to_tree(more))
    raise InputError(f"`_{name[:64]}` does not fit `{name[:64]}`", code="structure", expression=name[:64])


def to_json(node: Any) -> Any:
    """The tree as JSON again."""
    if isinstance(node, list):
        return [to_json(one) for one in node]
    if not isinstance(node, dict):
        return node
    found: Json = {}
    for name, child in node.items():
        several = isinstance(child, list)
        parts = child if several else [child]
        if not any(isinstance(one, Primitive) for one in parts):
            found[name] = to_json(child)
            continue
        values = [one.value if isinstance(one, Primitive) else one for one in parts]
        more = [to_json(one.more) if isinstance(one, Primitive) else None for one in parts]
        if any(one is not None for one in values):
            found[name] = values if several else values[0]
        found[f"_{name}"] = more if several else more[0]
    return found
