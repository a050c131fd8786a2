"""Parts compiled for a release, and which part an item makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.codecs import Writer
from fhir_vitiligo.mapping.compiler import CompiledField, Step, compile_field, parse
from fhir_vitiligo.mapping.declaration import Json, Part
from fhir_vitiligo.mapping.demanded import NOT_STATED
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.mapping.placing import container, one
from fhir_vitiligo.mapping.resources import PARTS
from fhir_vitiligo.mapping.templates import Hole, maker

_INSTANT = InstantCodec()


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """A part bound to a release."""

    part: Part
    resource: str
    fields: tuple[CompiledField, ...]
    head: Callable[[str, str, str, str, str | None], Json]
    """Makes what every such resource has, of its id, profile, item identifier, patient and focus."""
    effective: tuple[Step, ...] | None
    write_time: Writer | None
    demands: tuple[Callable[[Json], None], ...]
    """Each adds what FHIR demands where it is not there."""


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

    effective = path(part.effective.fhir) if part.effective is not None else None
    return CompiledPart(
        part,
        part.resource,
        tuple(
            compile_field(field, part.model, part.resource, release)
            for field in part.fields
            if release in field.releases
        ),
        _head(part, release),
        effective,
        one(effective, _INSTANT.writer) if effective is not None else None,
        tuple(
            _demand(path(demand.fhir), path(demand.unless or demand.fhir), dict(demand.value or NOT_STATED))
            for demand in part.demands
            if release in demand.releases
        ),
    )


def _head(part: Part, release: Release) -> Callable[..., Json]:
    codes = differences.codes(release, part.resource)
    constants = {**part.constants(), **differences.constants(release, part.resource)}
    own: Any = {"system": urls.ITEM, "value": Hole("item")}
    head: Json = {
        "resourceType": part.resource,
        "id": Hole("identity"),
        "meta": {"profile": [Hole("profile")]},
        "text": {"status": "generated", "div": ""},
    }
    if part.identifiers != "none":
        head["identifier"] = [own] if part.identifiers == "many" or release is Release.R5 else own
    for element, value in constants.items():
        head[element] = codes[element].get(value, value) if element in codes else value
    if part.subject is not None:
        head[part.subject] = {"reference": Hole("patient")}
    if part.focus is not None:
        head["focus"] = [{"reference": Hole("focus")}]
    return maker(head, "identity", "profile", "item", "patient", "focus")


def _demand(steps: tuple[Step, ...], unless: tuple[Step, ...], value: Json) -> Callable[[Json], None]:
    *around, last = steps
    enter, made = container(tuple(around)), maker(value)

    def demand(resource: Json) -> None:
        if not _there(resource, unless):
            enter(resource)[last.name] = made()

    return demand


def _there(node: Any, path: tuple[Step, ...]) -> bool:
    for step in path:
        if isinstance(node, list):
            node = node[0] if node else None
        if not isinstance(node, dict) or step.name not in node:
            return False
        node = node[step.name]
    return True


def declared_profiles() -> frozenset[str]:
    """The id of every profile that something we write may declare."""
    of_parts = (identity for part in PARTS for identity in profiles.ids(part.profile))
    return frozenset({*of_parts, *profiles.BUNDLES.values(), profiles.COMPOSITION})
