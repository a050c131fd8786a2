"""What a set of cases says: which field of which model was there, and in which form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import Candidate, Fact

Place = tuple[str, str]
"""Model and field. A fact's and a candidate's own fields count as those of one model, whatever they hold."""


def models(annotation: Any = Case, seen: set[Any] | None = None) -> set[type[BaseModel]]:
    """Every model that a case is made of."""
    seen = set() if seen is None else seen
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        for info in annotation.model_fields.values():
            models(info.annotation, seen)
    for argument in get_args(annotation):
        models(argument, seen)
    return {one for one in seen if isinstance(one, type)}


def name_of(model: type[BaseModel]) -> str:
    for generic in (Fact, Candidate):
        if issubclass(model, generic):
            return generic.__name__
    return model.__name__


def fields() -> set[Place]:
    """Every field of every model of a case."""
    return {(name_of(model), field) for model in models() for field in model.model_fields}


def fact_fields() -> set[Place]:
    """Every field that holds facts."""
    return {
        (name_of(model), name)
        for model in models()
        for name, info in model.model_fields.items()
        if any(
            isinstance(one, type) and issubclass(one, Fact)
            for one in (info.annotation, *get_args(info.annotation))
        )
    }


def said(model: BaseModel) -> Iterator[tuple[Place, Any]]:
    """Each place of a case that says something, with what it says."""
    default = {
        name: info.default for name, info in type(model).model_fields.items() if not info.is_required()
    }
    for name in type(model).model_fields:
        value = getattr(model, name)
        if value is None or value == () or (name in default and value == default[name]):
            continue
        for one in value if isinstance(value, tuple) else (value,):
            yield (name_of(type(model)), name), one
            if isinstance(one, BaseModel):
                yield from said(one)
