"""The reading half of a compiled path: which elements it leads to, and what they are told by.

An element that is told by a constant (an extension's url, a component's code) is consumed with it once a value
was read out of it. Of a list of which one member is used all fields read the same one, so that no two are mixed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from fhir_vitiligo.fhir import json
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import Codec, Reading, dicts
from fhir_vitiligo.mapping.coded import consume_own
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.concepts import Concept

if TYPE_CHECKING:
    from fhir_vitiligo.case.values import Fact
    from fhir_vitiligo.mapping.compiler import Step

COMPONENT_REGION = urls.own("component-region")
"""On a component of a score: the region of the item that its code is, or whether the code is itself the
region.
"""


class FieldReading(Reading, Protocol):
    """Reading, with the containers that were recognised by a constant: consumed once all fields are read."""

    def recognised(self, element: Json, member: str) -> None:
        """Note that ``member`` of ``element`` (an extension's url) was what it was recognised by."""

    def used_of(self, elements: Any, argument: str | None) -> Json | None:
        """The member that is used of a list (told by ``argument``, if by anything), once there is one."""

    def use(self, elements: Any, argument: str | None, element: Json | None) -> None:
        """From now on it is this one; ``None``: not yet decided."""


Reader = Callable[[Json, FieldReading], Any]
_Take = Callable[[Json, str, FieldReading], Any]
_Collect = Callable[[Json, FieldReading, list[Any]], None]
Steps = tuple["Step", ...]


def reader(steps: Steps, codec: Codec, fact_type: type[Fact[Any]] | None, *, many: bool) -> Reader:
    """The function that reads a field: its value or ``None``, a tuple of values where there may be many."""
    take: _Take
    if fact_type is None:
        take = codec.take_plain
    else:
        of_facts, kind = codec.take, fact_type

        def take(parent: Json, name: str, of: FieldReading) -> Any:
            return of_facts(parent, name, kind, of)

    if not many:
        return _first(steps, take)
    collect = _every(steps, take)

    def read(resource: Json, of: FieldReading) -> tuple[Any, ...]:
        found: list[Any] = []
        collect(resource, of, found)
        return tuple(found)

    return read


def members(steps: Steps, codec: Codec) -> tuple[str, ...] | None:
    """Where a field can stand in a resource: members of it, or urls of its extensions, of which one must be
    there; ``None`` where the codec looks at more than its own member.
    """
    first, *rest = steps
    if first.name == "extension" and first.argument is not None:
        return (first.argument,)
    if rest or _is_list(first):
        return (first.name,)
    if codec.elsewhere:
        return None
    member = codec.member(first.member)
    return (member, "_" + member)


def present(resource: Json) -> set[str]:
    """The members of a resource and the urls of its extensions: what :func:`members` speaks of."""
    found = set(resource)
    extensions = resource.get("extension")
    if isinstance(extensions, list):
        for one in extensions:
            url = one.get("url") if isinstance(one, dict) else None
            if isinstance(url, str):
                found.add(url)
    return found


def _is_list(step: Step) -> bool:
    return step.argument is not None or step.index in ("[0]", "[*]", "[+]")


def _first(steps: Steps, take: _Take) -> Reader:
    """The first value along a path."""
    step, rest = steps[0], steps[1:]
    name = step.name
    if not _is_list(step):
        if not rest:
            member = step.member
            return lambda parent, of: take(parent, member, of)
        below = _first(rest, take)

        def read_below(parent: Json, of: FieldReading) -> Any:
            child = parent.get(name)
            return below(child, of) if isinstance(child, dict) else None

        return read_below
    inner = _first(rest, take) if rest else _alone(take)
    is_meant, consume = _told_by(step)

    argument, shared = step.argument, step.index != "[+]"

    def read(parent: Json, of: FieldReading) -> Any:
        elements = parent.get(name)
        used = of.used_of(elements, argument) if shared else None
        for element in dicts(elements) if used is None else (used,):
            if is_meant(element) and (value := inner(element, of)) is not None:
                consume(element, of)
                if shared:
                    of.use(elements, argument, element)
                return value
        return None

    return read


def used_together(steps: Steps) -> Steps | None:
    """The way to the list of which one member is used, where there is more to be read of that member."""
    for number, step in enumerate(steps[:-1], 1):
        if _is_list(step):
            return steps[:number] if step.index in (None, "[0]") else None
    return None


def candidates(together: Steps, resource: Json) -> tuple[Any, list[Json]]:
    """The list at the end of such a way, and the members of it that may be used."""
    node: Any = resource
    *around, last = together
    for step in around:
        node = node.get(step.name) if isinstance(node, dict) else None
    elements = node.get(last.name) if isinstance(node, dict) else None
    is_meant, _ = _told_by(last)
    return elements, [element for element in dicts(elements) if is_meant(element)]


def _every(steps: Steps, take: _Take) -> _Collect:
    """Every value along a path; of a list that is no ``[*]`` only the first member that has one."""
    step, rest = steps[0], steps[1:]
    name = step.name
    inner = _every(rest, take) if rest else _appending(_alone(take))
    if not _is_list(step):
        if not rest:
            member = step.member
            return _appending(lambda parent, of: take(parent, member, of))

        def collect_below(parent: Json, of: FieldReading, found: list[Any]) -> None:
            child = parent.get(name)
            if isinstance(child, dict):
                inner(child, of, found)

        return collect_below
    is_meant, consume = _told_by(step)
    argument, once = step.argument, step.index != "[*]"

    def collect(parent: Json, of: FieldReading, found: list[Any]) -> None:
        elements = parent.get(name)
        used = of.used_of(elements, argument) if once else None
        for element in dicts(elements) if used is None else (used,):
            if not is_meant(element):
                continue
            before = len(found)
            inner(element, of, found)
            if len(found) > before:
                consume(element, of)
                if not before:
                    of.use(elements, argument, element)
                if once:
                    return

    return collect


def _alone(take: _Take) -> Reader:
    """The element itself is the value."""
    return lambda element, of: take({"x": element}, "x", of)


def _appending(read: Reader) -> _Collect:
    def collect(parent: Json, of: FieldReading, found: list[Any]) -> None:
        value = read(parent, of)
        if value is not None:
            found.append(value)

    return collect


def _told_by(step: Step) -> tuple[Callable[[Json], bool], Callable[[Json, FieldReading], None]]:
    """How a member of a list is told, and what of it says so."""
    argument = step.argument
    if argument is None:
        return (lambda element: True), (lambda element, of: None)
    if step.name != "component":
        return (
            (lambda element: element.get("url") == argument),
            (lambda element, of: of.recognised(element, "url")),
        )
    category, key = component_concept(argument)
    return (
        (lambda element: is_coded(element.get("code"), category, key) and not _is_scored(element)),
        (lambda element, of: consume_code(element.get("code"), category, key)),
    )


def _is_scored(component: Json) -> bool:
    """Whether a component says that it is an item or a region of a score, whatever words its code has."""
    return any(one.get("url") == COMPONENT_REGION for one in dicts(component.get("extension")))


def component_concept(argument: str) -> tuple[str, str]:
    """Category and key of ``component(key)`` or ``component(category/key)``."""
    category, bar, key = argument.rpartition("/")
    return (category, key) if bar else ("observation", key)


def is_coded(code: Any, category: str, key: str) -> bool:
    """Whether a CodeableConcept is a concept of the registry, by one of its codes or by its text."""
    concept = known_as(code, category)
    return concept is not None and concept.key == key


def known_as(code: Any, category: str) -> Concept | None:
    """The concept of a category that a CodeableConcept is: by the first of its codes that is known, else by
    its text.
    """
    return _known(json.dumps(code), category) if isinstance(code, dict) else None


@lru_cache(maxsize=8192)
def _known(text: bytes, category: str) -> Concept | None:
    code = json.loads(text)
    for coding in dicts(code.get("coding")):
        system, value = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(value, str):
            concept = registry.recognise(category, system, value)
            if concept is not None:
                return concept
    words = code.get("text")
    return registry.recognise_text(category, words) if isinstance(words, str) else None


def consume_code(code: Any, category: str, key: str) -> None:
    """Remove what of a CodeableConcept says that it is this concept, and nothing else."""
    if not isinstance(code, dict):
        return
    concept = registry.concept(category, key)
    for coding in dicts(code.get("coding")):
        consume_own(coding, concept)
    if isinstance(code.get("text"), str) and registry.recognise_text(category, code["text"]) == concept:
        del code["text"]
