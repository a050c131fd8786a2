"""$everything of a Patient: the compartment, and what its resources refer to.

https://hl7.org/fhir/R4/patient-operation-everything.html. What belongs to a patient is what core's compartment definition says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.references import find_references, parse_restful
from fhir_vitiligo.search import cursor
from fhir_vitiligo.search.criteria import AnyOf, Chain, Condition, Criterion
from fhir_vitiligo.search.cursor import Cursor
from fhir_vitiligo.search.query import Pairs, SearchQuery, Selection
from fhir_vitiligo.search.reader import ConditionReader
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.server.operations.bundles import all_pages, searchset_of
from fhir_vitiligo.server.operations.inputs import AFTER, Inputs
from fhir_vitiligo.storage.repository import StoredVersion

# Dates of care: what `start` and `end` are compared with, by the name of the search parameter that has them.
_CARE_DATES = (
    "date",
    "effective",
    "authored",
    "onset-date",
    "period",
    "recorded-date",
    "authoredon",
    "performed-date",
)
_FROM_THE_FIRST: Cursor = (0,)


async def everything(call: Call, inputs: Inputs) -> Response:
    """A searchset: the patient first, then the compartment; referred resources outside of it are ``include`` entries.

    ``_since`` is compared with the last update, ``start`` and ``end`` with the dates of care, ``_type`` narrows the types.
    With ``_count`` the compartment comes in pages, each with what its resources refer to. Behind the patient its resources stand
    in the order in which they were first stored, so that pages stay what they are while others write.
    """
    types = _types(call, inputs)
    if call.id:
        await stored(call)
    limits = {name: value for name in ("_since", "start", "end") if (value := inputs.text(name)) is not None}
    query = _compartment(call, call.id, types, limits)
    count = inputs.number("_count")
    if count is None:
        matches = _patients_first(await all_pages(call, query))
        included = await _outside(call, matches, query) if types is None else []
        return searchset_of(call, inputs.pairs(call), matches, included, len(matches))
    text = inputs.text(AFTER)
    after = () if text is None else cursor.from_text(text, len(_FROM_THE_FIRST))
    matches, total, behind = await _page(call, query, min(count, call.service.settings.max_count), after)
    included = await _outside(call, matches, query) if types is None else []
    return searchset_of(
        call,
        inputs.pairs(call),
        matches,
        included,
        total,
        None if behind is None else _following(call, inputs, behind),
    )


async def _page(
    call: Call, query: SearchQuery, count: int, after: Cursor
) -> tuple[list[StoredVersion], int | None, Cursor | None]:
    """The matches of a page, on the first one the number of all, and where the page behind begins."""
    repository = call.service.repository
    own = tuple(part for part in query.parts if part.resource_type == "Patient" and call.id)
    rest = replace(query, parts=tuple(part for part in query.parts if part not in own), after=after)
    first: Sequence[StoredVersion] = ()
    if own and not after:
        first = (await repository.search(replace(query, parts=own, count=1))).versions
    page = await repository.search(replace(rest, count=max(0, count - len(first)), total=not after))
    total = None if page.total is None else len(first) + page.total
    behind = page.next
    if count and count == len(first) and page.total:
        behind = _FROM_THE_FIRST
    return [*first[:count], *page.versions], total, behind


def _following(call: Call, inputs: Inputs, behind: Cursor) -> Pairs:
    """The query of the page behind, of a POST too."""
    pairs = [pair for pair in inputs.pairs(call) if pair[0] != AFTER]
    return [*pairs, (AFTER, cursor.to_text(behind))]


def _types(call: Call, inputs: Inputs) -> set[str] | None:
    asked = {name.strip() for value in inputs.values.get("_type", ()) for name in str(value).split(",")}
    unknown = sorted(asked - call.service.parameters.resource_types)
    if unknown:
        raise InputError(
            f"_type: {unknown[0][:100]!r} is no resource type", code="invalid", expression="_type"
        )
    return asked or None


def _compartment(
    call: Call, patient: str, types: set[str] | None = None, limits: dict[str, str] | None = None
) -> SearchQuery:
    """The search of the patient and what belongs to it; of all patients when ``patient`` is empty."""
    reader = ConditionReader(call.service.parameters, call.request.base)
    parts = []
    for resource_type, codes in definitions_of(call.service.release).compartment("Patient").items():
        if types is None or resource_type in types:
            known = call.service.parameters.of(resource_type)
            if resource_type == "Patient":
                inside: Condition = (
                    reader.read(resource_type, "_id", patient) if patient else _stored(call, resource_type)
                )
            elif not any(code in known for code in codes):
                continue
            elif patient:
                inside = reader.in_compartment(resource_type, "Patient", patient)
            else:
                inside = _of_any_patient(call, resource_type, codes)
            dated = [reader.read(resource_type, name, value) for name, value in _dated(known, limits or {})]
            parts.append(Selection(resource_type, (inside, *dated)))
    return SearchQuery("", parts=tuple(parts), bases=("", call.request.base))


def _stored(call: Call, resource_type: str) -> Condition:
    """Fulfilled by every resource that is stored."""
    return Criterion(call.service.parameters.of(resource_type)["_id"], missing=False)


def _of_any_patient(call: Call, resource_type: str, codes: Iterable[str]) -> Condition:
    known, bases = call.service.parameters.of(resource_type), ("", call.request.base)
    anyone = (("Patient", None, _stored(call, "Patient")),)
    return AnyOf(tuple(Chain(known[code], anyone, bases) for code in codes if code in known))


def _dated(known: Iterable[str], limits: dict[str, str]) -> list[tuple[str, str]]:
    pairs = [("_lastUpdated", f"ge{limits['_since']}")] if "_since" in limits else []
    dated = next((name for name in _CARE_DATES if name in known), None)
    if dated is not None:
        pairs += [
            (dated, f"{prefix}{limits[name]}")
            for name, prefix in (("start", "ge"), ("end", "le"))
            if name in limits
        ]
    return pairs


def _patients_first(versions: Iterable[StoredVersion]) -> list[StoredVersion]:
    return sorted(versions, key=lambda one: one.type != "Patient")


async def record(call: Call, patient: str) -> list[StoredVersion]:
    """Everything stored about a patient, what it refers to included, in the order in which it was written."""
    query = _compartment(call, patient)
    own = await all_pages(call, query)
    return sorted([*own, *await _outside(call, own, query)], key=lambda one: one.updated)


async def _outside(call: Call, versions: Sequence[StoredVersion], query: SearchQuery) -> list[StoredVersion]:
    """Practitioners, organisations, medications...: what the resources refer to and is not found by the query itself, on this
    page or another.
    """
    found = await _referred(call, versions)
    known = {(one.type, one.id) for one in versions}
    kinds = {part.resource_type: part for part in query.parts}
    others = [one for one in found if (one.type, one.id) not in known and one.type in kinds]
    for one in others:
        part = kinds[one.type]
        named = ConditionReader(call.service.parameters, call.request.base).read(one.type, "_id", one.id)
        only = replace(query, parts=(replace(part, criteria=(*part.criteria, named)),), count=1, total=False)
        if (await call.service.repository.search(only)).versions:
            known.add((one.type, one.id))
    return [one for one in found if (one.type, one.id) not in known]


async def _referred(call: Call, versions: Iterable[StoredVersion]) -> list[StoredVersion]:
    wanted: dict[tuple[str, str], None] = {}
    for version in versions:
        for _, reference in find_references(json.loads_object(version.content or b"{}")):
            target = parse_restful(reference.removeprefix(f"{call.request.base}/"))
            if target is not None and not target.base:
                wanted[target.type, target.id] = None
    found = [await call.service.repository.read(*one) for one in wanted]
    return [one for one in found if one is not None and one.content is not None]
