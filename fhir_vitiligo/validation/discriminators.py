"""What tells the slices of an element apart
(https://hl7.org/fhir/R5/profiling.html#discriminator, with the path syntax of its table).

A discriminator is looked up twice: in the profile, for what the slice demands there (:mod:`.demands`), and in
the resource, for what is there (:func:`finder`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.demands import Demand, UndecidableError, demands
from fhir_vitiligo.validation.occurrences import Occurrence, gatherer
from fhir_vitiligo.validation.schema import Node, Schema, Slicing

if TYPE_CHECKING:
    from fhir_vitiligo.validation.library import Library
    from fhir_vitiligo.validation.profiles import Profiles

__all__ = ["Matcher", "UndecidableError", "matcher_of"]

# (occurrence, its position among all, context); raises UndecidableError.
Matcher = Callable[[Occurrence, int, Context], bool]
# A value, its companion, and the path that defines what is in it.
Found = tuple[Any, Any, str]
Finder = Callable[[list[Found], Context], list[Found]]

_STEP = re.compile(r"\$this|[A-Za-z_]\w*(\((?:'[^']*'|[^()]*)\))?(\[x\])?")
_URL = re.compile(r"\(\s*['\"]([^'\"]*)['\"]\s*\)")


def steps_of(path: str) -> list[str]:
    """``code.coding``, ``extension('url').value``, ``resolve().code`` in steps; none for ``$this``."""
    steps: list[str] = []
    place = 0
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            raise UndecidableError(f"The discriminator path `{path}` cannot be read")
        if found[0] != "$this":
            steps.append(found[0].removesuffix("[x]"))
        place = found.end()
        if place < len(path):
            if path[place] != ".":
                raise UndecidableError(f"The discriminator path `{path}` cannot be read")
            place += 1
    return steps


def matcher_of(profiles: Profiles, schema: Schema, slicing: Slicing, sliced: Node, one: Node) -> Matcher:
    """Whether an occurrence belongs to the slice ``one``."""
    if not slicing.discriminators:
        return lambda occurrence, position, context: False
    if any(kind == "position" for kind, _ in slicing.discriminators):
        return _at_position(sliced, one)
    tests: list[tuple[Finder, Demand]] = []
    try:
        for kind, path in slicing.discriminators:
            steps = steps_of(path)
            demand = demands(profiles, schema, one, kind, steps)
            if demand is not None:
                tests.append((finder(profiles.library, steps), demand))
        if not tests:
            told = ", ".join(f"{kind}:{path}" for kind, path in slicing.discriminators)
            raise UndecidableError(
                f"The slice `{one.slice_name}` says nothing about its discriminator ({told})"
            )
    except UndecidableError as problem:
        # Told where it is used, at each occurrence, and not when the profile is read.
        return _undecidable(str(problem))

    def matches(occurrence: Occurrence, position: int, context: Context) -> bool:
        value, companion, _, prop = occurrence
        start: list[Found] = [(value, companion, _content(value, prop.content))]
        return all(demand(find(start, context), context) for find, demand in tests)

    return matches


def _undecidable(text: str) -> Matcher:
    def matches(occurrence: Occurrence, position: int, context: Context) -> bool:
        raise UndecidableError(text)

    return matches


def _at_position(sliced: Node, one: Node) -> Matcher:
    first = 0
    for other in sliced.slices:
        if other is one:
            break
        if other.element.max is None or other.element.min != other.element.max:
            return _undecidable(
                f"The position of the slice `{one.slice_name}` is not told: one before it varies"
            )
        first += other.element.min
    end = None if one.element.max is None else first + one.element.max

    def matches(occurrence: Occurrence, position: int, context: Context) -> bool:
        return position >= first and (end is None or position < end)

    return matches


def _content(value: Any, content: str) -> str:
    """A resource says itself what it is."""
    if content in ("Resource", "DomainResource") and isinstance(value, dict):
        name = value.get("resourceType")
        return name if isinstance(name, str) else content
    return content


def finder(library: Library, steps: list[str]) -> Finder:
    """What finds the values at a discriminator's path."""
    finders = [_finder(library, step) for step in steps]

    def find(found: list[Found], context: Context) -> list[Found]:
        for one in finders:
            if not found:
                break
            found = one(found, context)
        return found

    return find


def _finder(library: Library, step: str) -> Finder:
    if step == "resolve()":
        return _resolved
    if step.startswith("ofType("):
        wanted = step[len("ofType(") : -1].strip().removeprefix("FHIR.")
        return lambda found, context: [one for one in found if one[2].partition(".")[0] == wanted]
    if step.startswith("extension("):
        return _extensions(step)
    if "(" in step:
        raise UndecidableError(f"A discriminator cannot use `{step}`")
    return _named(library, step)


def _named(library: Library, name: str) -> Finder:
    schemas = library.schemas
    gathers: dict[str, Any] = {}

    def find(found: list[Found], context: Context) -> list[Found]:
        values: list[Found] = []
        for value, companion, content in found:
            around = value if type(value) is dict else companion
            if type(around) is not dict:
                continue
            if around is companion:
                content = "Element"
            gather = gathers.get(content)
            if gather is None:
                table = schemas.of(content)
                keys = table.keys.get(name) or ((name,) if name in table.properties else ())
                gather = gathers[content] = (
                    gatherer([table.properties[key] for key in keys]) if keys else _none
                )
            values.extend(
                (one, beside, _content(one, prop.content)) for one, beside, _, prop in gather(around)
            )
        return values

    return find


def _none(around: dict[str, Any]) -> list[Occurrence]:
    return []


def _extensions(step: str) -> Finder:
    told = _URL.search(step)
    if told is None:
        raise UndecidableError(f"A discriminator cannot use `{step}`")
    url = told[1]

    def find(found: list[Found], context: Context) -> list[Found]:
        values: list[Found] = []
        for value, companion, _ in found:
            for around in (value, companion):
                extensions = around.get("extension") if type(around) is dict else None
                if type(extensions) is list:
                    values.extend(
                        (one, None, "Extension")
                        for one in extensions
                        if type(one) is dict and one.get("url") == url
                    )
        return values

    return find


def _resolved(found: list[Found], context: Context) -> list[Found]:
    values: list[Found] = []
    for value, _, _ in found:
        reference = value.get("reference") if type(value) is dict else value
        target = context.resolve(reference) if isinstance(reference, str) else None
        if target is not None and isinstance(target.get("resourceType"), str):
            values.append((target, None, target["resourceType"]))
    return values
