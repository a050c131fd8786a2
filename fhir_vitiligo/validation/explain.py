"""A profile as it is compiled, in text: what is checked beyond core, an element a line.

For people who wonder why a resource was refused, or why it was not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definitions import Element
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.fhir.schema import ObjectSchema, Schemas
from fhir_vitiligo.validation.schema import Node, Schema

if TYPE_CHECKING:
    from fhir_vitiligo.validation.compiler import Compiler


def explained(compiler: Compiler, canonical: str) -> str:
    """The plan of a profile. Raises :class:`InputError` for one that is not known or cannot be used."""
    library = compiler.library
    schema = library.profile(canonical)
    if schema is None:
        problem = library.problems.get(canonical.partition("|")[0], "it is not known here: load its package")
        raise InputError(f"the profile {canonical} cannot be explained: {problem}", code="not-found")
    head = f"{schema.canonical} constrains {schema.type}"
    if library.is_type(schema.url):
        return f"{head}: it is core's own type, and adds nothing to it."
    if schema.type not in library.types:
        return f"{head}, which is no type of FHIR {library.release.name}: no resource is held against it."
    if compiler.profiles.plan(schema) is None:
        return f"{head}: nothing is asked for beyond core."
    lines = list(_lines(library.schemas, schema, schema.root, schema.type, 0))
    return "\n".join([head, *lines])


def _lines(schemas: Schemas, schema: Schema, node: Node, content: str, depth: int) -> Iterator[str]:
    base = _root(schemas, content)
    for text in _asked(node, base):
        yield f"{'  ' * (depth + 1)}{text}"
    yield from _below(schemas, schema, node, content, depth)


def _below(schemas: Schemas, schema: Schema, node: Node, content: str, depth: int) -> Iterator[str]:
    table = schemas.of(content)
    for child in node.children:
        keys = table.keys.get(child.name) or ((child.name,) if child.name in table.properties else ())
        if not keys:
            continue
        first = table.properties[keys[0]]
        yield from _element(schemas, schema, child, first.element, _content(table, keys, child), depth + 1)


def _element(
    schemas: Schemas, schema: Schema, node: Node, base: Element, content: str, depth: int
) -> Iterator[str]:
    pad = "  " * depth
    asked = list(_asked(node, base))
    below = list(_below(schemas, schema, node, content, depth)) if content else []
    slices = [
        line for one in node.slices for line in _element(schemas, schema, one, base, content, depth + 1)
    ]
    if not asked and not below and not slices:
        return
    name = f"{node.name}:{node.slice_name}" if node.slice_name else node.name
    yield f"{pad}{name}: {'; '.join(asked)}" if asked else f"{pad}{name}"
    if node.slicing is not None and node.slices:
        told = ", ".join(f"{kind} of {path}" for kind, path in node.slicing.discriminators)
        order = ", ordered" if node.slicing.ordered else ""
        yield f"{pad}  sliced by {told or 'nothing'} ({node.slicing.rules}{order})"
    yield from slices
    yield from below


def _content(table: ObjectSchema, keys: tuple[str, ...], node: Node) -> str:
    """What is below an element, where it has one type left that is no primitive."""
    codes = {kind.code for kind in node.element.types}
    left = [
        table.properties[key] for key in keys if table.properties[key].type.code in codes or len(keys) == 1
    ]
    return left[0].content if len(left) == 1 and left[0].kind == "complex" else ""


def _asked(node: Node, base: Element) -> Iterator[str]:
    """What an element asks for that core does not."""
    element = node.element
    sliced = node.slice_name is not None
    least = element.min if sliced or element.min > base.min else 0
    most = element.max if sliced or element.max != base.max else None
    if least or most is not None:
        yield f"{least or base.min}..{'*' if element.max is None else element.max}"
    codes, core = [kind.code for kind in element.types], [kind.code for kind in base.types]
    if core and codes and codes != core:
        yield f"of type {' or '.join(codes)}"
    for kind in element.types:
        if kind.profiles:
            yield f"conforming to {' or '.join(kind.profiles)}"
        if kind.target_profiles and kind.target_profiles not in [one.target_profiles for one in base.types]:
            yield f"referring to {' or '.join(kind.target_profiles)}"
    if element.fixed is not None:
        yield f"fixed to {shown(element.fixed)}"
    if element.pattern is not None:
        yield f"with the pattern {element.pattern if isinstance(element.pattern, str) else _json(element.pattern)}"
    if element.binding is not None and element.binding != base.binding:
        yield f"bound to {element.binding.value_set} ({element.binding.strength})"
    for more in node.additional:
        yield f"also bound to {more.value_set} ({more.strength})"
    for limit, word in ((element.min_value, "at least"), (element.max_value, "at most")):
        if limit is not None:
            yield f"{word} {_json(limit)}"
    if element.max_length is not None and element.max_length != base.max_length:
        yield f"no longer than {element.max_length}"
    known = {one.expression for one in base.invariants}
    yield from (f"{one.key}: {one.expression}" for one in element.invariants if one.expression not in known)


def _json(value: object) -> str:
    from fhir_vitiligo.fhir.json import dumps

    return dumps(value).decode()


def _root(schemas: Schemas, name: str) -> Element:
    return schemas.definitions.structure(name).elements[0]
