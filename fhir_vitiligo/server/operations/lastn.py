"""$lastn: the latest Observations of each kind (https://hl7.org/fhir/R4/observation-operation-lastn.html)."""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.server.operations.bundles import everything_found, searchset_of
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.storage.repository import StoredVersion

_NARROWING = ("category", "code")


async def lastn(call: Call, inputs: Inputs) -> Response:
    """A searchset; a patient or subject, and a category or code, have to be given with the search parameters of Observation."""
    most = inputs.number("max", least=1) or 1
    pairs = [(name, value) for name, values in inputs.values.items() if name != "max" for value in values]
    names = {name.partition(":")[0].partition(".")[0] for name, _ in pairs}
    if names.isdisjoint(("patient", "subject")) or names.isdisjoint(_NARROWING):
        text = "$lastn needs a patient or subject, and a category or code: without them it would read every Observation"
        raise InputError(text, code="required", expression="patient")
    found = await everything_found(call, "Observation", pairs)
    by_code: dict[Any, list[tuple[str, StoredVersion]]] = {}
    for version in found:
        resource = json.loads_object(version.content or b"{}")
        by_code.setdefault(_kind(resource), []).append((_when(resource), version))
    latest = [
        version
        for some in by_code.values()
        for _, version in sorted(some, key=lambda one: one[0], reverse=True)[:most]
    ]
    return searchset_of(call, inputs.pairs(call), latest, total=len(latest))


def _kind(resource: Json) -> Any:
    """Observations with a coding in common are of one kind; the first coding stands for it."""
    code = resource.get("code", {})
    codings = code.get("coding") or [{}]
    return (codings[0].get("system"), codings[0].get("code"), None if codings[0] else code.get("text"))


def _when(resource: Json) -> str:
    period = resource.get("effectivePeriod", {})
    return str(
        resource.get("effectiveDateTime")
        or resource.get("effectiveInstant")
        or period.get("end")
        or period.get("start")
        or ""
    )
