"""What goes where between R4 and R5, as tables (https://hl7.org/fhir/R5/diff.html and the pages of the types).

The moves that the mapping makes are those of :mod:`fhir_vitiligo.fhir.differences`; here are the ones that it has no use
for, and what is more than a move. An element named nowhere goes by its definitions in both releases.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from fhir_vitiligo.fhir import differences
from fhir_vitiligo.fhir.conversion import shapes, treatments
from fhir_vitiligo.fhir.conversion.rules import (
    Rule,
    coded,
    concepts_and_references,
    demanded,
    each,
    filled,
    recoded,
    renamed,
)
from fhir_vitiligo.fhir.conversion.tree import Primitive
from fhir_vitiligo.fhir.release import Release

CONVERTED = frozenset(
    [
        "Account",
        "AdverseEvent",
        "AllergyIntolerance",
        "Basic",
        "Binary",
        "BodyStructure",
        "Bundle",
        "CarePlan",
        "CareTeam",
        "Communication",
        "Composition",
        "Condition",
        "DiagnosticReport",
        "DocumentReference",
        "Encounter",
        "EpisodeOfCare",
        "FamilyMemberHistory",
        "List",
        "Location",
        "Medication",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "OperationOutcome",
        "Organization",
        "Parameters",
        "Patient",
        "Person",
        "Practitioner",
        "PractitionerRole",
        "Procedure",
        "Provenance",
        "QuestionnaireResponse",
        "RelatedPerson",
        "RiskAssessment",
    ]
)
"""The resource types of which both forms are known."""

RELATIVE_PATH = "http://hl7.org/fhir/StructureDefinition/cqf-relativeDateTime"
"""The extension that names an element of another resource."""

_MARK = re.compile(r"\[[^\]]*\]")
_MEDICATION = {
    "medicationCodeableConcept": "medication.concept",
    "medicationReference": "medication.reference",
}
_REASON = {"reasonCode[*]": "reason[*].concept", "reasonReference[*]": "reason[*].reference"}
_FURTHER: Mapping[str, Mapping[str, str]] = {
    "AdverseEvent": {"suspectEntity[*].causality[0].method": "suspectEntity[*].causality.assessmentMethod"},
    "Communication": _REASON,
    "Encounter": {
        "participant[*].individual": "participant[*].actor",
        "location[*].physicalType": "location[*].form",
    },
    "FamilyMemberHistory": _REASON,
    "Location": {"physicalType": "form"},
    "Medication": {
        "ingredient[*].itemReference": "ingredient[*].item.reference",
        "manufacturer": "marketingAuthorizationHolder",
    },
    "MedicationRequest": {**_MEDICATION, **_REASON, "reportedBoolean": "reported"},
    "MedicationStatement": _REASON,
    "Procedure": {
        **_REASON,
        "complication[*]": "complication[*].concept",
        "complicationDetail[*]": "complication[*].reference",
    },
    "Provenance": {"reason[*]": "authorization[*].concept"},
    "Composition": {
        "event[*].code[*]": "event[*].detail[*].concept",
        "event[*].detail[*]": "event[*].detail[*].reference",
    },
}

_STATUS_UP = {
    "arrived": "in-progress",
    "triaged": "in-progress",
    "onleave": "on-hold",
    "finished": "completed",
}
_STATUS_DOWN = {
    "completed": "finished",
    "on-hold": "onleave",
    "discharged": "finished",
    "discontinued": "cancelled",
}
# The codes that R5 put below one of R4.
_DOCUMENT_STATUS = {"partial": "preliminary", "corrected": "amended", "appended": "amended"}
_CONDITION_UNKNOWN = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "unknown"}]
}

_RULES: Mapping[str, Sequence[Rule]] = {
    "AdverseEvent": (shapes.constants("AdverseEvent", differences.constants(Release.R5, "AdverseEvent")),),
    "AllergyIntolerance": (coded("type", "http://hl7.org/fhir/allergy-intolerance-type"),),
    "BodyStructure": (shapes.SITES,),
    "Composition": (
        recoded("status", {}, _DOCUMENT_STATUS),
        each("relatesTo", shapes.related, shapes.unrelated),
    ),
    "Composition.attester": (coded("mode", "http://hl7.org/fhir/composition-attestation-mode"),),
    "Condition": (
        filled("clinicalStatus", r5=_CONDITION_UNKNOWN),
        shapes.EVIDENCE,
    ),
    "DiagnosticReport": (recoded("status", {}, {"modified": "amended"}),),
    "DocumentReference": (
        recoded("docStatus", {}, _DOCUMENT_STATUS),
        shapes.MASTER_IDENTIFIER,
        shapes.DOCUMENT_CONTEXT,
    ),
    "DocumentReference.content": (shapes.FORMAT,),
    "DocumentReference.relatesTo": (coded("code", "http://hl7.org/fhir/document-relationship-type"),),
    "Dosage": (treatments.AS_NEEDED,),
    "Encounter": (
        recoded(
            "status",
            {**_STATUS_UP, **differences.codes(Release.R5, "Encounter")["status"]},
            _STATUS_DOWN,
        ),
        shapes.CLASS,
        shapes.VISIT_REASON,
        shapes.HOSPITALIZATION,
    ),
    "Medication.ingredient": (treatments.STRENGTH,),
    "MedicationRequest": (recoded("status", {}, {"ended": "completed"}),),
    "MedicationStatement": (treatments.ADHERENCE,),
    "Organization": (shapes.ORGANIZATION_CONTACT,),
    "Practitioner": (each("communication", shapes.speaks, shapes.language),),
    "Procedure": (treatments.occurrence(),),
    "Provenance": (demanded("recorded", Primitive(None, shapes.NOT_STATED)),),
    "Provenance.entity": (recoded("role", {"derivation": "source"}, {"instantiates": "source"}),),
    "QuestionnaireResponse": (filled("questionnaire", r5=Primitive(None, shapes.NOT_STATED)),),
    "SampledData": (shapes.INTERVAL,),
}
"""By the place of R4, which R5 calls alike."""


@cache
def at_place(place: str) -> tuple[Rule, ...]:
    """The rules for the objects at a place, ``Encounter.participant`` or ``Dosage``."""
    declared = tuple(_RULES.get(place, ()))
    owned = {name for rule in declared for name in (*rule.r4, *rule.r5)}
    found: list[Rule] = []
    together: dict[tuple[str, bool], dict[str, str]] = defaultdict(dict)
    kind = place.partition(".")[0]
    for r4, r5 in {**differences.moves(kind), **_FURTHER.get(kind, {})}.items():
        here, there = _below(kind, place, r4), _below(kind, place, r5)
        if here is None or there is None or len(here) != 1 or owned.intersection((here[0], there[0])):
            continue
        if len(there) == 2 and there[1] in ("concept", "reference"):
            several = "[" in r5.split(".")[-2]
            together[there[0], several][there[1]] = here[0]
        elif len(there) == 1 and here != there:
            found.append(renamed(here[0], there[0]))
    for (name, several), members in together.items():
        if set(members.values()) != {name}:  # one of the same name goes by its definitions
            found.append(
                concepts_and_references(
                    members.get("concept"), members.get("reference"), name, several=several
                )
            )
    return (*declared, *found)


def _below(kind: str, place: str, path: str) -> list[str] | None:
    """The steps of a path below the place; None for a path of other places, or of an extension."""
    steps = _MARK.sub("", path).split(".")
    around = place.split(".")[1:] if place != kind else []
    if "(" in path or steps[: len(around)] != around:
        return None
    return steps[len(around) :]


@cache
def moved_path(kind: str, path: str, *, up: bool) -> str:
    """Where an element of a type that is told by its name, such as ``period`` of Encounter, is in the other release."""
    for rule in at_place(kind):
        names = (rule.r4, rule.r5) if up else (rule.r5, rule.r4)
        if names[0] == (path,) and len(names[1]) == 1:
            return names[1][0]
    return path


_TEXTS = frozenset({"string", "markdown", "code", "uri", "url", "canonical", "id"})
_ALIKE = ({"date", "dateTime"}, {"Quantity", "SimpleQuantity"})


def same_text(one: str, other: str) -> bool:
    """Whether values of these types are written alike in JSON, so that one may stand for the other."""
    return {one, other} <= _TEXTS or {one, other} in _ALIKE
