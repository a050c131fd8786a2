"""What differs between R4, R4B and R5 for the types spoken here, as tables (https://hl7.org/fhir/R5/diff.html).

R4B equals R4 for these types. A path is written in R4's words and moved to R5's by :func:`path`. ``name[0]`` is the one member
used of a list, ``name[*]`` every member, ``name[+]`` a member of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fhir_vitiligo.fhir.release import Release

RELATIVE_TO_NOTHING = frozenset({Release.R5})
"""Releases in which a relative reference in an entry called ``urn:uuid:`` names the entry of that type and id
(https://hl7.org/fhir/R5/bundle.html#references); before, it is relative to nothing.
"""

REFERS_TO_ITSELF = frozenset({Release.R5})
"""Releases in which ``#`` may be said by the resource itself (https://hl7.org/fhir/R5/references.html#contained);
before, only a contained one says it of the one around it.
"""

_R5_PATHS: Mapping[str, Mapping[str, str]] = {
    "AdverseEvent": {
        "event": "code",
        "date": "occurrenceDateTime",
        "outcome": "outcome[0]",
        "identifier": "identifier[0]",
        "suspectEntity[*].instance": "suspectEntity[*].instanceReference",
        "suspectEntity[0].causality[0].assessment": "suspectEntity[0].causality.entityRelatedness",
        # R5 dropped the severity of the event; the cross-version extension carries it.
        "severity": "extension(http://hl7.org/fhir/4.0/StructureDefinition/extension-AdverseEvent.severity).value[x]",
    },
    "Encounter": {
        "class": "class[0].coding[0]",
        "serviceType": "serviceType[0].concept",
        "period": "actualPeriod",
    },
    "Medication": {
        "form": "doseForm",
        "ingredient[*].itemCodeableConcept": "ingredient[*].item.concept",
        "ingredient[*].strength.numerator": "ingredient[*].strengthQuantity",
    },
    "MedicationStatement": {
        "category": "category[0]",
        "context": "encounter",
        "medicationReference": "medication.reference",
        "medicationCodeableConcept": "medication.concept",
        "statusReason[0]": "adherence.reason",
        "reasonReference[*]": "reason[*].reference",
    },
    "Procedure": {
        "category": "category[0]",
        "performedPeriod": "occurrencePeriod",
        "reasonReference[*]": "reason[*].reference",
        "usedCode[0]": "used[+].concept",
        "usedReference[0]": "used[+].reference",
        "extension(http://hl7.org/fhir/StructureDefinition/procedure-schedule).value[x]": "occurrence[x]",
    },
    "DocumentReference": {
        "masterIdentifier": "identifier[0]",
        "context.encounter[0]": "context[0]",
        "context.related[*]": "bodySite[*].reference",
    },
}

_R5_CODES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "Encounter": {"status": {"finished": "completed"}},
}

_R5_CONSTANTS: Mapping[str, Mapping[str, Any]] = {
    "AdverseEvent": {"status": "completed"},
    # The R4 status does not map one to one; what the patient did goes into adherence.
    "MedicationStatement": {"status": "recorded"},
}

# Members that only one of the releases has, by type: how a resource without a stated release is told apart.
_R5_ONLY: Mapping[str, frozenset[str]] = {
    "AdverseEvent": frozenset(
        {"status", "code", "occurrenceDateTime", "occurrencePeriod", "resultingEffect", "note"}
    ),
    "BodyStructure": frozenset({"includedStructure"}),
    "Encounter": frozenset({"actualPeriod", "virtualService", "plannedStartDate", "admission", "reason"}),
    "Medication": frozenset({"doseForm", "totalVolume", "marketingAuthorizationHolder"}),
    "MedicationRequest": frozenset({"medication", "reason"}),
    "MedicationStatement": frozenset({"medication", "encounter", "adherence", "reason"}),
    "MedicationAdministration": frozenset(
        {"medication", "occurenceDateTime", "occurencePeriod", "encounter", "reason"}
    ),
    "MedicationDispense": frozenset({"medication", "encounter", "notPerformedReason"}),
    "Observation": frozenset({"bodyStructure", "triggeredBy", "instantiatesCanonical"}),
    "Procedure": frozenset(
        {"used", "occurrenceDateTime", "occurrencePeriod", "occurrenceTiming", "reason", "focus"}
    ),
    "DocumentReference": frozenset({"modality", "bodySite", "attester", "version"}),
    "Citation": frozenset({"resourceType"}),
}
# Members that are a list in one release and not in the other.
_R5_LISTS: Mapping[str, frozenset[str]] = {
    "Encounter": frozenset({"class", "serviceType"}),
    "Procedure": frozenset({"category"}),
    "MedicationStatement": frozenset({"category"}),
    "DocumentReference": frozenset({"context"}),
    "AdverseEvent": frozenset({"identifier", "outcome"}),
}


def moves(resource_type: str) -> Mapping[str, str]:
    """What of an R4 type has another path in R5: R4 path -> R5 path."""
    return _R5_PATHS.get(resource_type, MappingProxyType({}))


@lru_cache(maxsize=1024)
def path(release: Release, resource_type: str, r4_path: str) -> str:
    """The path in the release of what R4 has at ``r4_path`` (without the type's name)."""
    if release is not Release.R5:
        return r4_path
    moves = _R5_PATHS.get(resource_type, {})
    for prefix in sorted(moves, key=len, reverse=True):
        if r4_path == prefix or r4_path.startswith((prefix + ".", prefix + "[")):
            return moves[prefix] + r4_path[len(prefix) :]
    return r4_path


def codes(release: Release, resource_type: str) -> Mapping[str, Mapping[str, str]]:
    """Element -> R4 code -> the release's code, for codes of required bindings that were renamed."""
    return _R5_CODES.get(resource_type, {}) if release is Release.R5 else MappingProxyType({})


def constants(release: Release, resource_type: str) -> Mapping[str, Any]:
    """Members that the release demands and R4 does not have, or has with another meaning."""
    return _R5_CONSTANTS.get(resource_type, {}) if release is Release.R5 else MappingProxyType({})


def looks_like_r5(resource: Mapping[str, Any]) -> bool:
    """Whether the resource has a member that only R5 has."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return False
    if not _R5_ONLY.get(kind, frozenset()).isdisjoint(resource):
        return True
    return any(isinstance(resource.get(name), list) for name in _R5_LISTS.get(kind, ()))
