"""Makes functions of declarations: for each release, one writer and one reader per field, bound to the paths
of that release.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast, get_args

from pydantic import BaseModel

from fhir_vitiligo.case.values import Fact, Model
from fhir_vitiligo.errors import MappingError
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import urls
from fhir_vitiligo.mapping.codecs import Codec, Reading, Writing, dicts
from fhir_vitiligo.mapping.coded import concept_json, consume_own
from fhir_vitiligo.mapping.declaration import Field, Json
from fhir_vitiligo.terminology import registry
from fhir_vitiligo.terminology.concepts import Concept

_STEP = re.compile(r"(?P<name>[A-Za-z]+)(?:\((?P<argument>[^)]*)\))?(?P<index>\[(?:0|\*|\+|x)\])?(?:\.|\Z)")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a member, or an element of an ``extension`` or ``component`` list told by its
    argument.
    """

    name: str
    argument: str | None
    index: str | None

    @property
    def member(self) -> str:
        return self.name + ("[x]" if self.index == "[x]" else "")


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path; :class:`MappingError` when it is not one."""
    steps, position = [], 0
    while position < len(path):
        found = _STEP.match(path, position)
        if not found or found.end() == position:
            raise MappingError(f"{path!r} is no path of a map, from {path[position:]!r} on")
        steps.append(Step(found["name"], found["argument"], found["index"]))
        position = found.end()
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a case field holds: many or one, facts or bare values."""

    many: bool
    fact: type[Fact[Any]] | None


def shape(model: type[BaseModel], path: str) -> Shape:
    """The shape of a field, by its (dotted) name."""
    name, _, rest = path.partition(".")
    if name not in model.model_fields:
        raise MappingError(f"{model.__name__} has no field {name!r}")
    annotation = model.model_fields[name].annotation
    if rest:
        inner = next(
            arg
            for arg in (annotation, *get_args(annotation))
            if isinstance(arg, type) and issubclass(arg, Model)
        )
        return shape(inner, rest)
    many = getattr(annotation, "__origin__", None) is tuple
    candidates = (annotation, *get_args(annotation))
    fact = next((arg for arg in candidates if isinstance(arg, type) and issubclass(arg, Fact)), None)
    return Shape(many, fact)


Writer = Callable[[Json, Any, Writing], None]
Reader = Callable[[Json, "FieldReading"], Any]


class FieldReading(Reading, Protocol):
    """Reading, with the containers that were recognised by a constant: consumed once all fields are read."""

    def recognised(self, element: Json, member: str) -> None:
        """Note that ``member`` of ``element`` (an extension's url) was what it was recognised by."""


@dataclass(frozen=True, slots=True)
class CompiledField:
    """A field bound to a release."""

    case: str
    label: str
    get: Callable[[Any], Any] | None
    """How to reach a nested field; ``None`` where it is an attribute of the item."""
    write: Writer
    read: Reader


def compile_field(field: Field, model: type[BaseModel], resource: str, release: Release) -> CompiledField:
    """The two functions of a field."""
    kind = shape(model, field.case) if not field.codec.whole else Shape(many=False, fact=None)
    steps = parse(differences.path(release, resource, field.fhir))
    get = _nested(field.case) if "." in field.case else None
    codec = field.codec.bind(resource, field.fhir, release)
    label = field.case.replace(".", " ").replace("_", " ")
    return CompiledField(
        field.case,
        label[0].upper() + label[1:],
        get,
        _writer(steps, codec, kind),
        _reader(steps, codec, kind),
    )


def value_of(field: CompiledField, item: Any) -> Any:
    """The value of a field of an item."""
    return getattr(item, field.case) if field.get is None else field.get(item)


def _nested(path: str) -> Callable[[Any], Any]:
    outer, _, inner = path.partition(".")

    def get(item: Any) -> Any:
        around = getattr(item, outer)
        return None if around is None else getattr(around, inner)

    return get


# Writing


def _writer(steps: tuple[Step, ...], codec: Codec, kind: Shape) -> Writer:
    put = codec.put if kind.fact is not None else codec.put_plain
    if kind.many:
        split = next(i for i, step in enumerate(steps) if step.index == "[*]")
        enter, each, rest = steps[:split], steps[split], steps[split + 1 :]
        write_rest = _one(rest, put) if rest else None

        def write_many(resource: Json, values: Any, to: Writing) -> None:
            parent = _enter(resource, enter)
            members = parent.setdefault(each.name if each.argument is None else "extension", [])
            for value in values:
                element: Json = {} if each.argument is None else {"url": each.argument}
                if write_rest is not None:
                    write_rest(element, value, to)
                    members.append(element)
                else:
                    inner: Json = {}
                    put(inner, "x", value, to)
                    members.append({**element, **inner["x"]})

        return write_many
    return _one(steps, put)


def _one(steps: tuple[Step, ...], put: Callable[[Json, str, Any, Writing], None]) -> Writer:
    *enter, last = steps
    name = last.member
    if last.index == "[0]":

        def write_first(resource: Json, value: Any, to: Writing) -> None:
            element: Json = {}
            put(element, "x", value, to)
            _enter(resource, enter).setdefault(last.name, []).append(element["x"])

        return write_first
    if not enter:

        def write_direct(resource: Json, value: Any, to: Writing) -> None:
            put(resource, name, value, to)

        return write_direct
    if len(enter) == 1 and enter[0].name == "component" and enter[0].argument is not None:
        category, key = component_concept(enter[0].argument)

        def write_component(resource: Json, value: Any, to: Writing) -> None:
            component: Json = {"code": concept_json(category, key)}
            put(component, name, value, to)
            resource.setdefault("component", []).append(component)

        return write_component

    def write(resource: Json, value: Any, to: Writing) -> None:
        put(_enter(resource, enter), name, value, to)

    return write


def _enter(parent: Json, steps: tuple[Step, ...] | list[Step]) -> Json:
    """The container at a path, made where it is not there."""
    for step in steps:
        if step.argument is not None:
            parent = _extension(parent, step.argument)
        elif step.index is None:
            parent = parent.setdefault(step.name, {})
        else:
            members = parent.setdefault(step.name, [])
            if not members or step.index == "[+]":
                members.append({})
            parent = members[-1 if step.index == "[+]" else 0]
    return parent


def _extension(parent: Json, url: str) -> Json:
    extensions = parent.setdefault("extension", [])
    for extension in extensions:
        if extension.get("url") == url:
            return cast(Json, extension)
    extension = {"url": url}
    extensions.append(extension)
    return extension


# Reading


def _reader(steps: tuple[Step, ...], codec: Codec, kind: Shape) -> Reader:
    fact_type = kind.fact

    def take(parent: Json, name: str, of: FieldReading) -> Any:
        return (
            codec.take(parent, name, fact_type, of)
            if fact_type is not None
            else codec.take_plain(parent, name, of)
        )

    if kind.many:

        def read_many(resource: Json, of: FieldReading) -> Any:
            return tuple(_each(resource, steps, take, of))

        return read_many

    def read(resource: Json, of: FieldReading) -> Any:
        return next(iter(_each(resource, steps, take, of, first=True)), None)

    return read


def _each(
    parent: Any,
    steps: tuple[Step, ...],
    take: Callable[[Json, str, FieldReading], Any],
    of: FieldReading,
    *,
    first: bool = False,
) -> list[Any]:
    """Every value found along the path, or the first."""
    if not isinstance(parent, dict):
        return []
    step, rest = steps[0], steps[1:]
    found: list[Any] = []
    if step.argument is not None or step.index in ("[0]", "[*]", "[+]"):
        many = step.index == "[*]"
        for element in _members(parent, step):
            before = len(found)
            if rest:
                found += _each(element, rest, take, of, first=first)
            else:
                value = take({"x": element}, "x", of)
                if value is not None:
                    found.append(value)
            if len(found) > before:
                _recognise(element, step, of)
                if first or not many:
                    break
        return found
    if rest:
        return _each(parent.get(step.name), rest, take, of, first=first)
    value = take(parent, step.member, of)
    return [] if value is None else [value]


def _members(parent: Json, step: Step) -> list[Any]:
    members = parent.get(step.name)
    if not isinstance(members, list):
        return []
    members = [member for member in members if isinstance(member, dict)]
    if step.argument is None:
        return members
    if step.name == "component":
        place = component_concept(step.argument)
        return [
            member for member in members if is_coded(member.get("code"), *place) and not _is_scored(member)
        ]
    return [member for member in members if member.get("url") == step.argument]


COMPONENT_REGION = urls.own("component-region")
"""On a component of a score: the region of the item that its code is, or whether the code is itself the
region.
"""


def _is_scored(component: Json) -> bool:
    """Whether a component says that it is an item or a region of a score, whatever words its code has."""
    found = component.get("extension")
    return any(
        isinstance(one, dict) and one.get("url") == COMPONENT_REGION
        for one in (found if isinstance(found, list) else ())
    )


def _recognise(element: Any, step: Step, of: FieldReading) -> None:
    if step.argument is None or not isinstance(element, dict):
        return
    if step.name == "component":
        consume_code(element.get("code"), *component_concept(step.argument))
    else:
        of.recognised(element, "url")


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
    if not isinstance(code, dict):
        return None
    for coding in dicts(code.get("coding")):
        system, value = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(value, str):
            concept = registry.recognise(category, system, value)
            if concept is not None:
                return concept
    text = code.get("text")
    return registry.recognise_text(category, text) if isinstance(text, str) else None


def consume_code(code: Any, category: str, key: str) -> None:
    """Remove what of a CodeableConcept says that it is this concept, and nothing else."""
    if not isinstance(code, dict):
        return
    concept = registry.concept(category, key)
    for coding in dicts(code.get("coding")):
        consume_own(coding, concept)
    if isinstance(code.get("text"), str) and registry.recognise_text(category, code["text"]) == concept:
        del code["text"]
