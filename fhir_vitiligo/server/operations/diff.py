"""$diff: what makes a version of a resource out of an earlier one, as a FHIRPath Patch."""

from __future__ import annotations

from fhir_vitiligo.errors import InputError, NotFoundError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.fhirpath_diff import difference
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import parse_restful
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.operations.inputs import Inputs


async def diff(call: Call, inputs: Inputs) -> Json:
    """From the version before the current one, or the one named, to the current one; of the system, between any two."""
    _check_level(call, inputs)
    if call.id:
        current = await _named(call, f"{call.type}/{call.id}")
        told = inputs.text("fromVersion") or str(int(current["meta"]["versionId"]) - 1)
        if told == "0":
            raise NotFoundError(
                f"{call.type}/{call.id} has one version: none came before it", code="not-found"
            )
        older, newer = await _named(call, f"{call.type}/{call.id}/_history/{told}"), current
    else:
        start, end = inputs.text("from"), inputs.text("to")
        if not start or not end:
            raise InputError("which two? give from and to", code="required", expression="from")
        older, newer = await _named(call, start), await _named(call, end)
        if older["resourceType"] != newer["resourceType"]:
            text = f"a {older['resourceType']} cannot become a {newer['resourceType']}"
            raise InputError(text, code="invalid", expression="to")
    if not inputs.flag("includeMeta"):
        older, newer = ({key: value for key, value in one.items() if key != "meta"} for one in (older, newer))
    return difference(older, newer, call.service.release)


def _check_level(call: Call, inputs: Inputs) -> None:
    """An input that belongs to the other form would be passed over."""
    for name in ("from", "to") if call.id else ("fromVersion",):
        if name in inputs.values:
            right = "give fromVersion, or ask the base" if call.id else "give from and to, or ask a resource"
            raise InputError(f"{name} is not asked here: {right}", code="not-supported", expression=name)


async def _named(call: Call, name: str) -> Json:
    """``Patient/1`` or ``Patient/1/_history/2``."""
    target = parse_restful(name.removeprefix(f"{call.request.base}/"))
    if target is None or target.base:
        raise InputError(f"{name[:100]!r} is no resource of this server", code="invalid")
    repository = call.service.repository
    if not target.version:
        version = await repository.read(target.type, target.id)
    elif target.version.isdigit() and len(target.version) < 18:
        version = await repository.read_version(target.type, target.id, int(target.version))
    else:
        version = None
    if version is None or version.content is None:
        raise NotFoundError(f"there is no {name[:200]} here", code="not-found")
    return json.loads_object(version.content)
