"""Parts compiled for a release, and which part an item makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.compiler import CompiledField, Step, compile_field, parse
from fhir_vitiligo.mapping.declaration import Demand, Json, Part
from fhir_vitiligo.mapping.demanded import NOT_STATED
from fhir_vitiligo.mapping.resources import PARTS


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """A part bound to a release."""

    part: Part
    resource: str
    fields: tuple[CompiledField, ...]
    demands: tuple[tuple[tuple[Step, ...], tuple[Step, ...], Json], ...]
    effective: tuple[Step, ...] | None
    release_constants: Mapping[str, Any]
    codes: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """The parts of one kind of item: the main ones (one fits an item) and the further ones."""

    name: str
    main: tuple[CompiledPart, ...]
    further: tuple[CompiledPart, ...]
    items: Callable[[Case], Iterator[tuple[str, Any]]]


def _keyed(collection: str) -> Callable[[Case], Iterator[tuple[str, Any]]]:
    def items(case: Case) -> Iterator[tuple[str, Any]]:
        for item in getattr(case, collection):
            yield item.key, item

    return items


def _of_subject(collection: str) -> Callable[[Case], Iterator[tuple[str, Any]]]:
    def items(case: Case) -> Iterator[tuple[str, Any]]:
        for item in getattr(case.subject, collection):
            yield item.key, item

    return items


# Kind -> its items in a case, in the order they are written.
ITEMS: Mapping[str, Callable[[Case], Iterator[tuple[str, Any]]]] = {
    "subject": lambda case: iter([("subject", case.subject)]),
    "timepoint": _keyed("timepoints"),
    "diagnosis": _keyed("diagnoses"),
    "lesion": _keyed("lesions"),
    "assessment": _keyed("assessments"),
    "product": _keyed("products"),
    "intervention": _keyed("interventions"),
    "response": _keyed("responses"),
    "event": _keyed("events"),
    "photograph": _keyed("photographs"),
    "family-member": _of_subject("family_history"),
    "comorbidity": _of_subject("comorbidities"),
    "source": lambda case: iter([("source", case.source)] if case.source is not None else []),
    "case": lambda case: iter([("record", case)]),
}


@lru_cache(maxsize=3)
def kinds(release: Release) -> Mapping[str, Kind]:
    """All kinds of items, compiled for a release."""
    compiled: dict[str, list[CompiledPart]] = {}
    for part in PARTS:
        if release in part.releases:
            compiled.setdefault(part.kind, []).append(_compile(part, release))
    return {
        name: Kind(
            name,
            tuple(part for part in compiled[name] if not part.part.name),
            tuple(part for part in compiled[name] if part.part.name),
            items,
        )
        for name, items in ITEMS.items()
    }


def _compile(part: Part, release: Release) -> CompiledPart:
    def path(r4: str) -> tuple[Step, ...]:
        return parse(differences.path(release, part.resource, r4))

    def demand(one: Demand) -> tuple[tuple[Step, ...], tuple[Step, ...], Json]:
        return path(one.fhir), path(one.unless or one.fhir), dict(one.value or NOT_STATED)

    return CompiledPart(
        part,
        part.resource,
        tuple(
            compile_field(field, part.model, part.resource, release)
            for field in part.fields
            if release in field.releases
        ),
        tuple(demand(one) for one in part.demands if release in one.releases),
        path(part.effective.fhir) if part.effective is not None else None,
        differences.constants(release, part.resource),
        differences.codes(release, part.resource),
    )
