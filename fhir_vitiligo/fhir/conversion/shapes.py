"""The rules between R4 and R5 that are more than a move, one for each element (https://hl7.org/fhir/R5/diff.html)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_vitiligo.fhir.conversion.rules import Rule, listed, refers_to
from fhir_vitiligo.fhir.conversion.tree import Primitive
from fhir_vitiligo.fhir.json import Json

NOT_STATED: Json = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    ]
}
"""What stands where a release demands an element and there is nothing to say."""

_LATERALITY = frozenset({"7771000", "24028007", "51440002", "66459002"})
"""SNOMED CT: left, right, both, unilateral."""


def some(**members: Any) -> Json:
    """The members that have something."""
    return {name: value for name, value in members.items() if value not in (None, [], {})}


def constants(resource_type: str, values: Mapping[str, Any]) -> Rule:
    """What R5 demands of a type and R4 does not have."""
    return Rule((), tuple(values), lambda _: dict(values), lambda _: {})


# Encounter


def _class_up(x: Json) -> Json:
    value = x.get("class")
    return {} if value in (None, NOT_STATED) else {"class": [{"coding": [value]}]}


def _class_down(y: Json) -> Json:
    codings = [coding for one in y.get("class", ())[:1] for coding in one.get("coding", ())]
    return {"class": codings[0] if codings else NOT_STATED}


CLASS = Rule(("class",), ("class",), _class_up, _class_down)


def _visit_reason_up(x: Json) -> Json:
    found = [{"value": [{"concept": one}]} for one in x.get("reasonCode", ())]
    found += [{"value": [{"reference": one}]} for one in x.get("reasonReference", ())]
    return some(reason=found)


def _visit_reason_down(y: Json) -> Json:
    values = [value for one in y.get("reason", ()) for value in one.get("value", ())]
    return some(
        reasonCode=[one["concept"] for one in values if "concept" in one],
        reasonReference=[one["reference"] for one in values if "reference" in one],
    )


VISIT_REASON = Rule(
    ("reasonCode", "reasonReference"), ("reason",), _visit_reason_up, _visit_reason_down, whole=True
)

_OF_THE_VISIT = ("dietPreference", "specialCourtesy", "specialArrangement")


def _hospitalization_up(x: Json) -> Json:
    inside = x.get("hospitalization", {})
    lifted = {name: inside[name] for name in _OF_THE_VISIT if name in inside}
    rest = {name: value for name, value in inside.items() if name not in lifted}
    return {**some(admission=rest), **lifted}


def _hospitalization_down(y: Json) -> Json:
    lowered = {name: y[name] for name in _OF_THE_VISIT if name in y}
    return some(hospitalization={**y.get("admission", {}), **lowered})


HOSPITALIZATION = Rule(
    ("hospitalization",),
    ("admission", *_OF_THE_VISIT),
    _hospitalization_up,
    _hospitalization_down,
    whole=True,
)


# Condition


def _evidence_up(x: Json) -> Json:
    found: list[Json] = []
    for one in x.get("evidence", ()):
        found += [{"concept": code} for code in one.get("code", ())]
        found += [{"reference": detail} for detail in one.get("detail", ())]
    return some(evidence=found)


def _evidence_down(y: Json) -> Json:
    found = [
        some(code=listed(one.get("concept")), detail=listed(one.get("reference")))
        for one in y.get("evidence", ())
    ]
    return some(evidence=[one for one in found if one])


EVIDENCE = Rule(("evidence",), ("evidence",), _evidence_up, _evidence_down, whole=True)


# BodyStructure


def site_up(location: Any, qualifiers: list[Any]) -> Json:
    """One structure of R5: the first of the qualifiers that is a side is its laterality."""
    side = next((one for one in qualifiers if _is_side(one)), None)
    rest = [one for one in qualifiers if one is not side]
    return {
        "structure": NOT_STATED if location is None else location,
        **some(laterality=side, qualifier=rest),
    }


def site_down(structure: Json) -> tuple[Any, list[Any]]:
    """Location and qualifiers of one structure of R5."""
    location = structure.get("structure")
    sides = [structure["laterality"]] if "laterality" in structure else []
    return None if location == NOT_STATED else location, [*sides, *structure.get("qualifier", ())]


def _is_side(concept: Any) -> bool:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return any(one.get("code") in _LATERALITY for one in codings)


def sites_up(x: Json) -> Json:
    return {"includedStructure": [site_up(x.get("location"), x.get("locationQualifier", []))]}


def sites_down(y: Json) -> Json:
    structures = y.get("includedStructure", [])
    location, qualifiers = site_down(structures[0]) if structures else (None, [])
    return some(location=location, locationQualifier=qualifiers)


SITES = Rule(("location", "locationQualifier"), ("includedStructure",), sites_up, sites_down, whole=True)


# Composition


def related(one: Json) -> Json | None:
    """A RelatedArtifact for what a Composition relates to; only a resource has a place in it."""
    if "targetReference" not in one:
        return None
    rest = {name: value for name, value in one.items() if name in ("id", "extension")}
    return {**rest, **some(type=one.get("code"), resourceReference=one["targetReference"])}


def unrelated(one: Json) -> Json | None:
    """R4's ``relatesTo`` of a RelatedArtifact that refers to a resource, with a code that R4 has."""
    kind = one.get("type")
    code = kind.value if isinstance(kind, Primitive) else kind
    if code not in (None, "replaces", "transforms", "signs", "appends") or "resourceReference" not in one:
        return None
    rest = {name: value for name, value in one.items() if name in ("id", "extension")}
    return {**rest, **some(code=kind, targetReference=one["resourceReference"])}


# DocumentReference


def _identifiers_apart(again: Json, kept: Json) -> Json:
    """The identifiers without the one that was the master's."""
    found = {**again, **kept}
    identifiers = again.get("identifier", [])
    if "identifier" not in kept and identifiers[:1] == listed(kept.get("masterIdentifier")):
        found = {**some(identifier=identifiers[1:]), **kept}
    return found


MASTER_IDENTIFIER = Rule(
    ("masterIdentifier", "identifier"),
    ("identifier",),
    lambda x: some(identifier=[*listed(x.get("masterIdentifier")), *x.get("identifier", ())]),
    lambda y: some(identifier=y.get("identifier")),
    join=_identifiers_apart,
)
FORMAT = Rule(
    ("format",),
    ("profile",),
    lambda x: some(profile=[{"valueCoding": one} for one in listed(x.get("format"))]),
    lambda y: some(
        format=next((one["valueCoding"] for one in y.get("profile", ()) if "valueCoding" in one), None)
    ),
    whole=True,
)


def _context_up(x: Json) -> Json:
    inside = x.get("context", {})
    sites = [one for one in inside.get("related", ()) if refers_to(one, ("BodyStructure",))]
    return some(
        context=inside.get("encounter"),
        event=[{"concept": one} for one in inside.get("event", ())],
        bodySite=[{"reference": one} for one in sites],
        period=inside.get("period"),
        facilityType=inside.get("facilityType"),
        practiceSetting=inside.get("practiceSetting"),
    )


def _context_down(y: Json) -> Json:
    inside = some(
        encounter=[one for one in y.get("context", ()) if refers_to(one, ("Encounter", "EpisodeOfCare"))],
        event=[one["concept"] for one in y.get("event", ()) if "concept" in one],
        related=[one["reference"] for one in y.get("bodySite", ()) if "reference" in one],
        period=y.get("period"),
        facilityType=y.get("facilityType"),
        practiceSetting=y.get("practiceSetting"),
    )
    return some(context=inside)


DOCUMENT_CONTEXT = Rule(
    ("context",),
    ("context", "event", "bodySite", "period", "facilityType", "practiceSetting"),
    _context_up,
    _context_down,
    whole=True,
)


# Organization and Practitioner


def _contact_up(x: Json) -> Json:
    found = [
        {**one, **some(name=listed(one.get("name")))} if "name" in one else one
        for one in x.get("contact", ())
    ]
    found += [{"telecom": x["telecom"]}] if "telecom" in x else []
    found += [{"address": one} for one in x.get("address", ())]
    return some(contact=found)


def _contact_down(y: Json) -> Json:
    contacts: list[Json] = []
    telecom: list[Any] = []
    addresses: list[Any] = []
    for one in y.get("contact", ()):
        if set(one) == {"telecom"}:
            telecom += one["telecom"]
        elif set(one) == {"address"}:
            addresses.append(one["address"])
        else:
            known = ("id", "extension", "purpose", "telecom", "address")
            kept = {name: value for name, value in one.items() if name in known}
            contacts.append({**kept, **some(name=one["name"][0] if one.get("name") else None)})
    return some(contact=[one for one in contacts if one], telecom=telecom, address=addresses)


ORGANIZATION_CONTACT = Rule(
    ("contact", "telecom", "address"), ("contact",), _contact_up, _contact_down, whole=True
)


def speaks(language: Json) -> Json:
    """R5's ``Practitioner.communication`` for a language."""
    return {"language": language}


def language(communication: Json) -> Json | None:
    """The language of R5's ``Practitioner.communication``."""
    found: Json | None = communication.get("language")
    return found


# SampledData: R4's period is in milliseconds.

INTERVAL = Rule(
    ("period",),
    ("interval", "intervalUnit"),
    lambda x: {"interval": x["period"], "intervalUnit": "ms"} if "period" in x else {},
    lambda y: some(period=y.get("interval") if y.get("intervalUnit") == "ms" else None),
)
