"""Makes functions of declarations: for each release, one writer and one reader per field, bound to the paths
of that release.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from pydantic import BaseModel

from fhir_vitiligo.case.values import Fact, Model
from fhir_vitiligo.errors import MappingError
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.codecs import Codec, Writer
from fhir_vitiligo.mapping.declaration import Field
from fhir_vitiligo.mapping.generation import field_writer
from fhir_vitiligo.mapping.matching import Reader, members, reader

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
    type: Any = object
    """The type of a value: of what the fact is of, of a member of the tuple."""


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
    return Shape(many, fact, _plain(fact.value_type() if fact is not None else annotation))


def _plain(annotation: Any) -> Any:
    """The class that an annotation comes to."""
    while not isinstance(annotation, type) and get_args(annotation):
        annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation if isinstance(annotation, type) else type(annotation)


@dataclass(frozen=True)
class CompiledField:
    """A field bound to a release."""

    case: str
    label: str
    get: Callable[[Any], Any] | None
    """How to reach a nested field; ``None`` where it is an attribute of the item."""
    steps: tuple[Step, ...]
    codec: Codec
    shape: Shape
    read: Reader
    members: tuple[str, ...] | None
    """Where it can stand in a resource (:func:`.matching.members`)."""

    @cached_property
    def write(self) -> Writer:
        """Writes the value of this field alone."""
        return field_writer(self)


def compile_field(field: Field, model: type[BaseModel], resource: str, release: Release) -> CompiledField:
    """The two functions of a field."""
    kind = shape(model, field.case) if not field.codec.whole else Shape(many=False, fact=None)
    steps = parse(differences.path(release, resource, field.fhir))
    get = _nested(field.case) if "." in field.case else None
    codec = field.codec.bind(resource, field.fhir, release)
    words = field.case.replace(".", " ").replace("_", " ")
    label = words[0].upper() + words[1:]
    return CompiledField(
        field.case,
        label,
        get,
        steps,
        codec,
        kind,
        reader(steps, codec, kind.fact, many=kind.many),
        members(steps, codec),
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
