"""Code systems, value sets and concept maps that are stored here, or come with a call, beside what is on board.

https://hl7.org/fhir/R4/terminology-service.html: an operation is asked about the resource in its path, one that is given
with it, or one that is named by its address; a search names value sets and code systems. Of an address what is on board
comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fhir_vitiligo.errors import NotFoundError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.packages import own_packages
from fhir_vitiligo.search.query import Pairs
from fhir_vitiligo.search.subsumption import asked_of_terminology
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.terminology.value_sets import Resources, Terminology, terminology_of

_WORDS = {"CodeSystem": "code system", "ConceptMap": "concept map", "ValueSet": "value set"}
_MOST_MAPS = "100"


async def asked_about(call: Call, inputs: Inputs, parameter: str) -> Json | None:
    """The resource that is given as ``parameter``, or that the path names; None where it is neither."""
    given = inputs.object(parameter)
    if given is None and call.id:
        return json.loads_object(await stored(call))
    return given


async def at_address(call: Call, resource_type: str, url: str, version: str | None = None) -> Json:
    """The resource of that ``url`` (or ``url|version``), on board or stored; 404 names it where it is neither."""
    canonical = f"{url}|{version}" if version and "|" not in url else url
    found = terminology_of(call.service.release).resource(resource_type, canonical)
    if found is None:
        found = await _stored_at(call, resource_type, canonical)
    if found is None:
        raise NotFoundError(
            f"the {_WORDS[resource_type]} {canonical[:200]} is neither on board nor stored here",
            code="not-found",
            expression="url",
        )
    return found


async def maps_of(call: Call, system: str, *, reverse: bool) -> list[Json]:
    """The stored concept maps from a code system, or to it."""
    name = "target-system" if reverse else "source-system"
    query = call.query([(name, _escaped(system)), ("_count", _MOST_MAPS)], "ConceptMap")
    page = await call.service.repository.search(query)
    return [json.loads_object(one.content) for one in page.versions if one.content]


async def terminology_with(
    call: Call, given: Iterable[Json] = (), systems: Iterable[str | None] = ()
) -> Terminology:
    """What is on board, with the resources given before it, and behind it those code systems and value sets that are stored
    here alone: ``systems``, and what the value sets given are made of.
    """
    on_board = terminology_of(call.service.release)
    found = [one for one in given if isinstance(one.get("url"), str)]
    known = {(str(one.get("resourceType")), one["url"]) for one in found}
    todo = [("CodeSystem", system) for system in systems if system]
    for one in given:
        todo += _parts(one)
    while todo:
        kind, canonical = todo.pop()
        if (kind, canonical) in known:
            continue
        known.add((kind, canonical))
        if on_board.resource(kind, canonical) is None:
            one_more = await _stored_at(call, kind, canonical)
            if one_more is not None:
                found.append(one_more)
                todo += _parts(one_more)
    if not found:
        return on_board
    return Terminology(call.service.release, _Beside(found, own_packages(call.service.release)))


async def terminology_of_search(call: Call, pairs: Pairs) -> Terminology | None:
    """What the parameters of a search ask with ``:in`` and its kin, stored value sets by address or by reference among it;
    None where what is on board has it.
    """
    asked = [one for name, value in pairs for one in asked_of_terminology(name, value)]
    if not asked:
        return None
    on_board = terminology_of(call.service.release)
    given: list[Json] = []
    for kind, named in asked:
        if kind == "ValueSet" and on_board.resource(kind, named) is None:
            found = await _referred_to(call, named) or await _stored_at(call, kind, named)
            if found is not None:
                given.append({**found, "url": named.partition("|")[0]})
    systems = [named for kind, named in asked if kind == "CodeSystem"]
    return await terminology_with(call, given, systems)


async def _referred_to(call: Call, named: str) -> Json | None:
    """The value set of a reference to here: ``ValueSet/id``, or the same behind the server's base."""
    base, _, id = named.removeprefix(f"{call.request.base}/").rpartition("/")
    if base != "ValueSet":
        return None
    version = await call.service.repository.read("ValueSet", id)
    return None if version is None or version.content is None else json.loads_object(version.content)


class _Beside:
    """Resources that come before those of packages."""

    def __init__(self, first: Sequence[Json], others: Resources) -> None:
        self._first = first
        self._others = others

    def resolve(self, canonical: str, resource_type: str | None = None) -> Json | None:
        url, _, version = canonical.partition("|")
        for one in self._first:
            is_one = one["url"] == url and resource_type in (None, one.get("resourceType"))
            if is_one and (not version or one.get("version") == version):
                return one
        return self._others.resolve(canonical, resource_type)

    def of_type(self, resource_type: str) -> Iterator[Json]:
        yield from (one for one in self._first if one.get("resourceType") == resource_type)
        yield from self._others.of_type(resource_type)


def _parts(value_set: Json) -> list[tuple[str, str]]:
    """The code systems and value sets that a value set is made of."""
    compose = value_set.get("compose")
    compose = compose if isinstance(compose, dict) else {}
    found: list[tuple[str, str]] = []
    for name in ("include", "exclude"):
        listed = compose.get(name)
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict):
                system, sets = one.get("system"), one.get("valueSet")
                found += [("CodeSystem", system)] if isinstance(system, str) else []
                sets = sets if isinstance(sets, list) else []
                found += [("ValueSet", url) for url in sets if isinstance(url, str)]
    return found


async def _stored_at(call: Call, resource_type: str, canonical: str) -> Json | None:
    url, _, version = canonical.partition("|")
    pairs = [("url", _escaped(url)), ("_count", "1"), ("_sort", "-_lastUpdated"), ("_total", "none")]
    if version:
        pairs.append(("version", _escaped(version)))
    page = await call.service.repository.search(call.query(pairs, resource_type))
    return json.loads_object(page.versions[0].content or b"{}") if page.versions else None


def _escaped(text: str) -> str:
    """As one value of a search parameter: commas, bars and dollars are its own (https://hl7.org/fhir/R4/search.html#escaping)."""
    return "".join(f"\\{letter}" if letter in "\\,|$" else letter for letter in text)
