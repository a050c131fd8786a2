"""The writing half of a compiled path: the containers it leads through, made where they are not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from fhir_vitiligo.mapping.codecs import Codec, Writer, Writing
from fhir_vitiligo.mapping.coded import concept_json
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.mapping.matching import component_concept

if TYPE_CHECKING:
    from fhir_vitiligo.mapping.compiler import Step

Steps = tuple["Step", ...]
Enter = Callable[[Json], Json]
"""From a parent to a container in it."""


def writer(steps: Steps, codec: Codec, *, many: bool, fact: bool) -> Writer:
    """The function that writes a field into a resource: its value, or each of its values."""
    made = codec.writer if fact else codec.plain_writer
    if not many:
        return one(steps, made)
    split = next(i for i, step in enumerate(steps) if step.index == "[*]")
    return _every(container(steps[:split]), steps[split], steps[split + 1 :], made)


def one(steps: Steps, made: Callable[[str], Writer]) -> Writer:
    """Writes what the function made for the last member writes."""
    *around, last = steps
    enter = container(tuple(around))
    if last.index == "[0]":
        write_first = made("x")

        def write_in_list(resource: Json, value: Any, to: Writing) -> None:
            holder: Json = {}
            write_first(holder, value, to)
            enter(resource).setdefault(last.name, []).append(holder["x"])

        return write_in_list
    write = made(last.member)
    if not around:
        return write

    def write_inside(resource: Json, value: Any, to: Writing) -> None:
        write(enter(resource), value, to)

    return write_inside


def _every(enter: Enter, each: Step, rest: Steps, made: Callable[[str], Writer]) -> Writer:
    name = each.name if each.argument is None else "extension"
    around: Json = {} if each.argument is None else {"url": each.argument}
    if rest:
        write_rest = one(rest, made)

        def write_inside_each(resource: Json, values: Any, to: Writing) -> None:
            members = enter(resource).setdefault(name, [])
            for value in values:
                element = around.copy()
                write_rest(element, value, to)
                members.append(element)

        return write_inside_each
    write = made("x")

    def write_each(resource: Json, values: Any, to: Writing) -> None:
        members = enter(resource).setdefault(name, [])
        for value in values:
            holder: Json = {}
            write(holder, value, to)
            members.append({**around, **holder["x"]} if around else holder["x"])

    return write_each


def container(steps: Steps) -> Enter:
    """The function from a parent to the container at the path, made where it is not there."""
    if not steps:
        return lambda parent: parent
    if len(steps) == 1:
        return _step(steps[0])
    through = tuple(_step(step) for step in steps)

    def enter(parent: Json) -> Json:
        for step in through:
            parent = step(parent)
        return parent

    return enter


def _step(step: Step) -> Enter:
    name, argument = step.name, step.argument
    if argument is None and step.index is None:
        return lambda parent: cast(Json, parent.setdefault(name, {}))
    if argument is None:
        return _of_list(name, another=step.index == "[+]")
    return _component(argument) if name == "component" else _extension(argument)


def _of_list(name: str, *, another: bool) -> Enter:
    def enter(parent: Json) -> Json:
        members = parent.setdefault(name, [])
        if not members or another:
            members.append({})
        return cast(Json, members[-1 if another else 0])

    return enter


def _extension(url: str) -> Enter:
    def enter(parent: Json) -> Json:
        extensions = parent.setdefault("extension", [])
        for extension in extensions:
            if extension.get("url") == url:
                return cast(Json, extension)
        extension = {"url": url}
        extensions.append(extension)
        return cast(Json, extension)

    return enter


def _component(argument: str) -> Enter:
    """Each field that is a component has one of its own."""
    category, key = component_concept(argument)

    def enter(parent: Json) -> Json:
        component: Json = {"code": concept_json(category, key)}
        parent.setdefault("component", []).append(component)
        return component

    return enter
