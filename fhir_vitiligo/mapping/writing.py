"""The function that makes the resource of a part: what every such resource has, its time, its fields, and what
FHIR demands where it is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.case.consistency import UNKNOWN_TIME
from fhir_vitiligo.case.values import Identifier
from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping import profiles, urls
from fhir_vitiligo.mapping.codecs import IdentifierCodec
from fhir_vitiligo.mapping.compiler import Step, parse
from fhir_vitiligo.mapping.declaration import Demand, Json, Part
from fhir_vitiligo.mapping.demanded import NOT_STATED
from fhir_vitiligo.mapping.generation import Function, add_field, enter
from fhir_vitiligo.mapping.moments import InstantCodec
from fhir_vitiligo.mapping.narrative import END, around
from fhir_vitiligo.mapping.templates import Hole

if TYPE_CHECKING:
    from fhir_vitiligo.mapping.parts import CompiledPart

PartWriter = Callable[[Any, str, Any], Json]
"""Makes a resource: of the writer of its case, the key of the item, and the item."""

TEST_DATA: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}
_IDENTIFIER = IdentifierCodec()
_INSTANT = InstantCodec()


def part_writer(compiled: CompiledPart) -> PartWriter:
    """The function of a part."""
    part, release = compiled.part, compiled.release
    code = Function(
        f"{part.kind} {part.name or part.resource} {release.value}", "to, key, item", compiled.fields
    )
    code.add("values = item.__dict__")
    code.add(f"name = f'{{to.case_id}}/{part.kind}/{{key}}{'/' + part.name if part.name else ''}'")
    code.add(f"resource = {code.template(_head(code, part, release))}")
    with code.block("if to.synthetic:"):
        code.add(f"resource['meta']['security'] = [{code.template(TEST_DATA)}]")
    if not part.name and part.identifiers != "none":
        with code.block("if values['identifiers']:"):
            code.add(f"{code.name(_identify)}(resource, values['identifiers'], to)")
    if part.anchored:
        with code.block("if to.anchor is not None:"):
            code.add("resource['encounter'] = {'reference': to.anchor}")
    if compiled.effective is not None:
        _add_time(code, part, compiled.effective)
    code.add("said = ''")
    for field in compiled.fields:
        add_field(code, field)
    with code.block("if said:"):
        code.add(f"resource['text']['div'] = {code.name(around(part.title)[0])} + said + {END!r}")
    for demand in part.demands:
        if release in demand.releases:
            _add_demand(code, part, release, demand)
    code.add("return resource")
    return code.made()


def _head(code: Function, part: Part, release: Release) -> Json:
    """The template of what every such resource has."""
    codes = differences.codes(release, part.resource)
    constants = {**part.constants(), **differences.constants(release, part.resource)}
    own: Any = {"system": urls.ITEM, "value": Hole("name")}
    if isinstance(part.profile, str):
        profile: Any = profiles.url(part.profile)
    else:
        profile = Hole(f"{code.name(profiles.url)}({code.name(part.profile.profile)}(item))")
    head: Json = {
        "resourceType": part.resource,
        "id": Hole("to.resource_id(name)" if part.name else f"to.urns[{part.kind!r}, key][9:]"),
        "meta": {"profile": [profile]},
        "text": {"status": "generated", "div": around(part.title)[1]},
    }
    if part.identifiers != "none":
        head["identifier"] = [own] if part.identifiers == "many" or release is Release.R5 else own
    for element, value in constants.items():
        head[element] = codes[element].get(value, value) if element in codes else value
    if part.subject is not None:
        head[part.subject] = {"reference": Hole("to.patient")}
    if part.focus is not None:
        head["focus"] = [{"reference": Hole(f"to.urns[{part.focus!r}, key]")}]
    return head


def _identify(resource: Json, others: tuple[Identifier, ...], to: Any) -> None:
    """What other systems call the item, where the type has room for it, else in an extension."""
    more = [_IDENTIFIER.encode(other, to) for other in others]
    if isinstance(resource["identifier"], list):
        resource["identifier"] += more
    else:
        url = urls.own("further-identifier")
        resource["extension"] = [{"url": url, "valueIdentifier": other} for other in more]


def _add_time(code: Function, part: Part, path: tuple[Step, ...]) -> None:
    required = part.effective is not None and part.effective.required
    otherwise = f" or {code.name(UNKNOWN_TIME)}" if required else ""
    at = "to.first" if part.anchored else "values['at']"
    point = f"to.times.get({at}){otherwise}"
    own = "date" in part.model.model_fields and not part.anchored
    code.add(f"time = values['date'] or {point}" if own else f"time = {point}")
    *around, last = path
    with code.block("if time is not None:"):
        parent = enter(code, tuple(around), "resource")
        code.add(f"{code.name(_INSTANT.writer(last.name))}({parent}, time, to)")


def _add_demand(code: Function, part: Part, release: Release, demand: Demand) -> None:
    def path(r4: str) -> tuple[Step, ...]:
        return parse(differences.path(release, part.resource, r4))

    places = [tuple(step.name for step in path(place)) for place in demand.unless or (demand.fhir,)]
    there = code.name(_there)
    missing = (
        f"{place[0]!r} not in resource" if len(place) == 1 else f"not {there}(resource, {place!r})"
        for place in places
    )
    *around, last = path(demand.fhir)
    with code.block(f"if {' and '.join(missing)}:"):
        parent = enter(code, tuple(around), "resource")
        code.add(f"{parent}[{last.name!r}] = {code.template(demand.value or NOT_STATED)}")


def _there(node: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if isinstance(node, list):
            node = node[0] if node else None
        if not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True
