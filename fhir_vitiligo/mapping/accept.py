"""Accepting a candidate: an ambiguous value becomes the reading that the caller vouches for, and says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.case.values import Fact
from fhir_vitiligo.errors import MappingError

Accepted = Mapping[str, Any] | Iterable[tuple[str, Any]]


def accept(case: Case, accepted: Accepted) -> Case:
    """The case with the named candidates taken: ``assessments.<key>.total`` to one of the candidates listed
    there.

    Raises :class:`MappingError` when there is no such ambiguous value, or the value is none of its
    candidates.
    """
    pairs = tuple(accepted.items() if isinstance(accepted, Mapping) else accepted)
    if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise MappingError(
            f'{accepted!r} names no readings: write {{"assessments.t0.total": "7.6"}}', code="value"
        )
    for path, value in pairs:
        case = _accept_one(case, path, value)
    return case


def _accept_one(case: Case, path: str, value: Any) -> Case:
    collection, _, rest = path.partition(".")
    key, _, field = rest.rpartition(".")
    items = getattr(case, collection, None) if collection in Case.model_fields else None
    index = (
        next((i for i, item in enumerate(items) if getattr(item, "key", None) == key), None)
        if isinstance(items, tuple)
        else None
    )
    if index is None or items is None or field not in type(items[index]).model_fields:
        raise MappingError(
            f"no value {path!r} in the case: write collection.key.field, such as assessments.t0.total",
            expression=path,
        )
    fact = getattr(items[index], field)
    if not isinstance(fact, Fact) or fact.status != "ambiguous":
        raise MappingError(f"{path} is not ambiguous: there is nothing to accept", expression=path)
    chosen = None
    for candidate in fact.candidates:
        try:
            if candidate.value == type(candidate.value).model_validate(value):
                chosen = candidate
        except (ValidationError, AttributeError):
            if str(candidate.value) == str(value):
                chosen = candidate
    if chosen is None:
        listed = ", ".join(str(candidate.value) for candidate in fact.candidates) or "none"
        raise MappingError(f"{value} is no candidate of {path}: there are {listed}", expression=path)
    how = f"candidate accepted{': ' + chosen.method if chosen.method else ''}"
    taken = type(fact)(value=chosen.value, raw=fact.raw, status="derived", method=how, span=fact.span)
    item = items[index].model_copy(update={field: taken})
    return case.model_copy(update={collection: (*items[:index], item, *items[index + 1 :])})
