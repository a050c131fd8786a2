"""What a slice demands at a discriminator's path, and the test for it
(https://hl7.org/fhir/R5/valueset-discriminator-type.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.fhir.definitions import CORE
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.rules.binding import is_member
from fhir_vitiligo.validation.rules.fixed import equals, matches
from fhir_vitiligo.validation.schema import Node, Schema

if TYPE_CHECKING:
    from fhir_vitiligo.validation.library import Library
    from fhir_vitiligo.validation.profiles import Profiles

Found = tuple[Any, Any, str]
Demand = Callable[[list[Found], Context], bool]

# So many nodes a path may lead to: choices of types with choices of profiles.
_MAX_NODES = 200


class UndecidableError(Exception):
    """A slice whose discriminator tells nothing; the message is a sentence without its full stop."""


def demands(profiles: Profiles, schema: Schema, one: Node, kind: str, steps: list[str]) -> Demand | None:
    """The test of what a discriminator finds; None where the slice demands nothing there."""
    found = list(_nodes(profiles.library, schema, one, steps))
    if any(node.element.max == 0 for _, node in found[:1]):
        return lambda values, context: not values
    if kind == "exists":
        return _existence(found, one)
    if kind == "type":
        if steps and steps[-1] == "resolve()":
            found = [root for place in found for root in _targets(profiles.library, *place)]
        return _type(profiles.library, found, one)
    if kind == "profile":
        return _profile(profiles, found, steps)
    if kind in ("value", "pattern"):
        return next((demand for _, node in found if (demand := _value(node)) is not None), None)
    raise UndecidableError(f"`{kind}` is no type of a discriminator")


def _existence(found: list[tuple[Schema, Node]], one: Node) -> Demand:
    for _, node in found:
        if node.element.min > 0:
            return lambda values, context: bool(values)
        if node.element.max == 0:
            return lambda values, context: not values
    raise UndecidableError(
        f"The slice `{one.slice_name}` says neither that its discriminator is there nor that not"
    )


def _value(node: Node) -> Demand | None:
    element = node.element
    if element.fixed is not None:
        fixed = element.fixed
        # What is more in a Coding or CodeableConcept than was fixed is a fault of an entry of the slice.
        fits = matches if isinstance(fixed, dict) else equals
        return lambda values, context: any(fits(value, fixed) for value, _, _ in values)
    if element.pattern is not None:
        pattern = element.pattern
        return lambda values, context: any(matches(value, pattern) for value, _, _ in values)
    if element.binding is not None and element.binding.strength == "required":
        url = element.binding.value_set
        return lambda values, context: any(is_member(value, url, context) for value, _, _ in values)
    return None


def _type(library: Library, found: list[tuple[Schema, Node]], one: Node) -> Demand:
    codes: set[str] = set()
    for schema, node in found:
        if node.element.types:
            codes.update(kind.code for kind in node.element.types)
        elif "." not in node.element.path:
            codes.add(schema.type)
    if not codes:
        raise UndecidableError(f"The slice `{one.slice_name}` is told by a type and names none")
    definitions = library.definitions

    def demand(values: list[Found], context: Context) -> bool:
        # What is defined inside a resource (Bundle.entry) has that path as its content.
        return any(
            content in codes
            or not codes.isdisjoint(definitions.ancestors(content))
            or ("." in content and not codes.isdisjoint(("BackboneElement", "Element")))
            for _, _, content in values
        )

    return demand


def _profile(profiles: Profiles, found: list[tuple[Schema, Node]], steps: list[str]) -> Demand | None:
    targets = bool(steps) and steps[-1] == "resolve()"
    urls: list[str] = []
    for schema, node in found:
        if not node.element.types and "." not in node.element.path:
            urls.append(schema.canonical)
        for kind in node.element.types:
            urls.extend(kind.target_profiles if targets else kind.profiles)
    if not urls:
        return None

    def demand(values: list[Found], context: Context) -> bool:
        return any(
            profiles.conforms(url, value, content, context) is True
            for value, _, content in values
            for url in urls
        )

    return demand


def _nodes(library: Library, schema: Schema, one: Node, steps: list[str]) -> Iterator[tuple[Schema, Node]]:
    """The elements of the profile at a path below the slice; slices of what lies on the way count as well."""
    found = [(schema, one)]
    for number, step in enumerate(steps):
        if step == "resolve()":
            if number + 1 < len(steps):
                found = [root for place in found for root in _targets(library, *place)]
        elif step.startswith("ofType("):
            continue
        elif step.startswith("extension("):
            found = [below for place in found for below in _extension(library, *place, step)]
        else:
            found = [below for place in found for below in _children(library, *place, step)]
        found = found[:_MAX_NODES]
    yield from found


def _children(library: Library, schema: Schema, node: Node, name: str) -> Iterator[tuple[Schema, Node]]:
    place = (schema, node)
    child = node.child(name)
    if child is None and node.element.content_reference is not None:
        referred = schema.find(node.element.content_reference)
        child = None if referred is None else referred.child(name)
    if child is not None:
        yield from ((place[0], one) for one in _with_slices(child))
    for kind in node.element.types:
        roots = [root for url in kind.profiles if (root := library.profile(url)) is not None]
        if (
            not roots
            and place[1].child(name) is None
            and (plain := library.profile(CORE + kind.code)) is not None
        ):
            roots = [plain]
        for root in roots:
            if (child := root.root.child(name)) is not None:
                yield from ((root, one) for one in _with_slices(child))


def _with_slices(node: Node) -> Iterator[Node]:
    yield node
    for one in node.slices:
        yield from _with_slices(one)


def _targets(library: Library, schema: Schema, node: Node) -> Iterator[tuple[Schema, Node]]:
    for kind in node.element.types:
        for url in kind.target_profiles:
            if (target := library.profile(url)) is not None:
                yield target, target.root


def _extension(library: Library, schema: Schema, node: Node, step: str) -> Iterator[tuple[Schema, Node]]:
    url = step[len("extension(") : -1].strip("'\" ")
    for _, child in _children(library, schema, node, "extension"):
        if any(url in kind.profiles for kind in child.element.types):
            if child.element.max == 0 or child.children:
                yield schema, child
            elif (target := library.profile(url)) is not None:
                # What is asked of the extension as a whole is said here, the rest in its definition.
                yield schema, _joined(child, target)


def _joined(child: Node, target: Schema) -> Node:
    return Node(child.element, child.id, child.slice_name, children=target.root.children)
