"""A group of fields that is a model of its own within an item, as one element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from fhir_vitiligo.fhir import differences, json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.codecs import (
    Codec,
    Reading,
    Writing,
    restore,
)
from fhir_vitiligo.mapping.compiler import CompiledField, compile_field
from fhir_vitiligo.mapping.declaration import Field
from fhir_vitiligo.mapping.facts import Json
from fhir_vitiligo.mapping.generation import group_writer
from fhir_vitiligo.mapping.matching import (
    FieldReading,
    present,
)


class GroupCodec(Codec):
    """A BackboneElement that is a model of its own within the item: its fields, relative to the element."""

    datatype = "BackboneElement"

    def __init__(self, model: type[BaseModel], fields: tuple[Field, ...]) -> None:
        self.model, self.fields = model, fields
        self._compiled: tuple[CompiledField, ...] = ()
        self._encode: Callable[[Any, Writing], Json] | None = None

    def bind(self, resource: str, path: str, release: Release) -> GroupCodec:
        """The codec for a release, whose paths may differ below ``path``."""
        bound = GroupCodec(self.model, self.fields)
        around = differences.path(release, resource, path)
        moved = []
        for field in self.fields:
            target = differences.path(release, resource, f"{path}.{field.fhir}")
            moved.append(Field(field.case, target.removeprefix(around + "."), field.codec))
        bound._compiled = tuple(compile_field(field, self.model, "", release) for field in moved)
        return bound

    def encode(self, value: Any, to: Writing) -> Json:
        if self._encode is None:
            self._encode = group_writer(self.model.__name__, self._compiled)
        return self._encode(value, to)

    def decode(self, node: Any, of: Reading) -> Any:
        if not isinstance(node, dict):
            return None
        kept, reading, there = json.dumps(node), cast(FieldReading, of), present(node)
        content = {
            field.case: value
            for field in self._compiled
            if (field.members is None or not there.isdisjoint(field.members))
            and (value := field.read(node, reading)) is not None
        }
        try:
            return self.model.model_validate(content)
        except ValidationError:
            restore(node, kept)
            return None
