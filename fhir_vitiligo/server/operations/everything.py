"""$everything of a Patient: the compartment, and what its resources refer to.

https://hl7.org/fhir/R4/patient-operation-everything.html. What belongs to a patient is what core's compartment definition says.
"""

from __future__ import annotations

from collections.abc import Iterable

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.references import iter_references, parse_restful
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.server.operations.bundles import MOST, everything_found, searchset_of, too_many
from fhir_vitiligo.server.operations.inputs import Inputs
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


async def everything(call: Call, inputs: Inputs) -> Response:
    """A searchset: the patient first, then the compartment; referred resources outside of it are ``include`` entries.

    ``_since`` is compared with the last update, ``start`` and ``end`` with the dates of care, ``_type`` narrows the types.
    """
    types = _types(call, inputs)
    if call.id:
        await stored(call)
    patients = [call.id] if call.id else [one.id for one in await everything_found(call, "Patient", [])]
    found: dict[tuple[str, str], StoredVersion] = {}
    for patient in patients:
        for version in await compartment(call, patient, types, _limits(inputs)):
            found[version.type, version.id] = version
            if len(found) > MOST:
                raise too_many()
    included = await referred(call, found.values()) if "_type" not in inputs.values else []
    return searchset_of(call, found.values(), [one for one in included if (one.type, one.id) not in found])


def _types(call: Call, inputs: Inputs) -> set[str] | None:
    asked = {name.strip() for value in inputs.values.get("_type", ()) for name in str(value).split(",")}
    unknown = sorted(asked - call.service.parameters.resource_types)
    if unknown:
        raise InputError(
            f"_type: {unknown[0][:100]!r} is no resource type", code="invalid", expression="_type"
        )
    return asked or None


def _limits(inputs: Inputs) -> dict[str, str]:
    return {name: value for name in ("_since", "start", "end") if (value := inputs.text(name)) is not None}


async def compartment(
    call: Call, patient: str, types: set[str] | None = None, limits: dict[str, str] | None = None
) -> list[StoredVersion]:
    """The patient and what belongs to it, the patient first."""
    limits = limits or {}
    members = definitions_of(call.service.release).compartment("Patient")
    found: dict[tuple[str, str], StoredVersion] = {}
    for resource_type, codes in sorted(members.items(), key=lambda one: one[0] != "Patient"):
        if types is not None and resource_type not in types:
            continue
        known = call.service.parameters.of(resource_type)
        for code in codes:
            if code == "{def}" or (resource_type == "Patient" and code != "_id"):
                continue
            if code in known:
                pairs = [(code, f"Patient/{patient}"), *_dated(known, limits)]
                for version in await everything_found(call, resource_type, pairs):
                    found[version.type, version.id] = version
        if resource_type == "Patient":
            for version in await everything_found(
                call, "Patient", [("_id", patient), *_dated(known, limits)]
            ):
                found[version.type, version.id] = version
    return list(found.values())


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


async def record(call: Call, patient: str) -> list[StoredVersion]:
    """Everything stored about a patient, what it refers to included, in the order in which it was written."""
    own = await compartment(call, patient)
    known = {(one.type, one.id) for one in own}
    found = own + [one for one in await referred(call, own) if (one.type, one.id) not in known]
    return sorted(found, key=lambda one: one.updated)


async def referred(call: Call, versions: Iterable[StoredVersion]) -> list[StoredVersion]:
    """Practitioners, organisations, medications...: what the resources refer to and is not the patient's own."""
    wanted: dict[tuple[str, str], None] = {}
    for version in versions:
        for _, reference in iter_references(json.loads_object(version.content or b"{}")):
            target = parse_restful(reference.removeprefix(f"{call.request.base}/"))
            if target is not None and not target.base:
                wanted[target.type, target.id] = None
    found = [await call.service.repository.read(*one) for one in wanted]
    return [one for one in found if one is not None and one.content is not None]
