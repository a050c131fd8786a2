"""Parts compiled for a release, and which part an item makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles
from fhir_vitiligo.mapping.compiler import CompiledField, Step, compile_field, parse
from fhir_vitiligo.mapping.declaration import Part
from fhir_vitiligo.mapping.matching import Steps, used_together
from fhir_vitiligo.mapping.narrative import EMPTY
from fhir_vitiligo.mapping.resources import PARTS
from fhir_vitiligo.mapping.writing import PartWriter, part_writer


@dataclass(frozen=True)
class CompiledPart:
    """A part bound to a release."""

    part: Part
    release: Release
    fields: tuple[CompiledField, ...]
    effective: tuple[Step, ...] | None
    resource: str
    """The resource type."""
    when: Callable[[Any], bool] | None
    """Whether an item has it, as :attr:`.Part.when`."""

    @cached_property
    def together(self) -> tuple[tuple[Steps | None, tuple[CompiledField, ...]], ...]:
        """The fields, with those in one that read the same member of a list, and the way to that list."""
        found: dict[Any, tuple[Steps | None, list[CompiledField]]] = {}
        for number, field in enumerate(self.fields):
            way = used_together(field.steps)
            found.setdefault(way or number, (way, []))[1].append(field)
        return tuple((way if len(fields) > 1 else None, tuple(fields)) for way, fields in found.values())

    @cached_property
    def write(self) -> PartWriter:
        """Makes the resource of an item: ``write(writer, key, item)``. Made at the first use."""
        return part_writer(self)

    def says(self, item: Any) -> bool:
        """Whether an item has anything for this further resource."""
        values = item.__dict__
        for field in self.fields:
            value = values[field.case] if field.get is None else field.get(item)
            if value is not None and value is not EMPTY:
                return True
        part = self.part
        return part.effective is not None and not part.anchored and values.get("date") is not None


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

    return CompiledPart(
        part,
        release,
        tuple(
            compile_field(field, part.model, part.resource, release)
            for field in part.fields
            if release in field.releases
        ),
        path(part.effective.fhir) if part.effective is not None else None,
        part.resource,
        part.when,
    )


def declared_profiles() -> frozenset[str]:
    """The id of every profile that something we write may declare."""
    of_parts = (identity for part in PARTS for identity in profiles.ids(part.profile))
    return frozenset({*of_parts, *profiles.BUNDLES.values(), profiles.COMPOSITION})
