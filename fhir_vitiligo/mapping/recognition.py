"""What a resource from elsewhere is to a vitiligo case, if anything: tables of who is recognised by what.

A resource we wrote says so in its identifier. Another system's is recognised by any code or text the registry
knows. What is not about vitiligo is not recognised, and so stays residue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from fhir_vitiligo.case.values import Quantity
from fhir_vitiligo.mapping.certainty import dicts_of as _dicts
from fhir_vitiligo.mapping.certainty import is_asserted, is_present, verification
from fhir_vitiligo.mapping.declaration import Json
from fhir_vitiligo.terminology import registry, ucum
from fhir_vitiligo.terminology.concepts import Concept
from fhir_vitiligo.terminology.systems import LOINC


@dataclass(frozen=True, slots=True)
class Recognised:
    """The kind of item, the part of it, and fields that follow from what the resource is."""

    kind: str
    part: str = ""
    sets: Mapping[str, Any] = field(default_factory=dict)
    weak: bool = False
    """Only of interest where something recognised refers to it; a treatment or an event where it refers to something
    recognised itself.
    """
    for_a_reason: bool = False
    """A treatment that is one of vitiligo only where its reason is a diagnosis of vitiligo."""


def concept_of(code: Any, category: str) -> Concept | None:
    """The registry's concept of a CodeableConcept (or CodeableReference's concept), by code, else by any of
    its texts.
    """
    for one in _dicts(code):
        one = one.get("concept", one)
        if not isinstance(one, dict):
            continue
        codings = _dicts(one.get("coding"))
        pairs = [
            (c.get("system"), c.get("code"))
            for c in codings
            if isinstance(c.get("code"), str) and isinstance(c.get("system"), str)
        ]
        found = registry.recognise_codings(category, pairs)
        found = found or next((c for pair in pairs if (c := registry.recognise(category, *pair))), None)
        if found is None:
            texts = [one.get("text"), *(c.get("display") for c in codings)]
            found = next(
                (
                    c
                    for text in texts
                    if isinstance(text, str) and (c := registry.recognise_text(category, text))
                ),
                None,
            )
        if found is not None:
            return found
    return None


def medication_code(resource: Json) -> Json | None:
    """The CodeableConcept of a medication resource that names its product in place."""
    found = resource.get("medicationCodeableConcept")
    medication = resource.get("medication")
    if found is None and isinstance(medication, dict):
        found = medication.get("concept")
    return found if isinstance(found, dict) else None


def medication_name(resource: Json) -> Json | None:
    """What a reference to a product calls it, as a CodeableConcept: all that is known of a product that was not sent along."""
    reference = resource.get("medicationReference")
    medication = resource.get("medication")
    if reference is None and isinstance(medication, dict):
        reference = medication.get("reference")
    display = reference.get("display") if isinstance(reference, dict) else None
    return {"text": display} if isinstance(display, str) else None


def medication_reference(resource: Json) -> str | None:
    """Where a medication resource says that its product is."""
    medication = resource.get("medication")
    inner = medication.get("reference") if isinstance(medication, dict) else None
    reference = resource.get("medicationReference", inner)
    target = reference.get("reference") if isinstance(reference, dict) else None
    return target if isinstance(target, str) else None


def reasons(resource: Json) -> Iterator[Any]:
    """Codes given as the reason of a treatment."""
    yield resource.get("reasonCode")
    yield from (reason.get("concept") for reason in _dicts(resource.get("reason")))


def reason_nodes(resource: Json) -> list[Json]:
    """The References that a treatment has as its reason."""
    nodes = [*_dicts(resource.get("reasonReference"))]
    return nodes + [
        node for reason in _dicts(resource.get("reason")) for node in _dicts(reason.get("reference"))
    ]


def suspect_references(resource: Json) -> Iterator[str]:
    """The treatments that an adverse event is laid to."""
    for suspect in _dicts(resource.get("suspectEntity")):
        for node in _dicts(suspect.get("instance") or suspect.get("instanceReference")):
            if isinstance(target := node.get("reference"), str):
                yield target


def _about_vitiligo(resource: Json) -> bool | None:
    """Whether a reason of a treatment is vitiligo, in codes or words; ``None`` where there is none in either."""
    given = [one for reason in reasons(resource) for one in _dicts(reason)]
    given = [one for one in given if one.get("text") or _dicts(one.get("coding"))]
    return any(concept_of(one, "diagnosis") is not None for one in given) if given else None


def _treatment(resource: Json, kind: str, known: Concept | None, *, alone: bool) -> Recognised:
    """A treatment, of which ``alone`` says that what it is called makes it one of vitiligo.

    A reason that is stated and not vitiligo leaves it to what it refers to as its reason.
    """
    about = _about_vitiligo(resource)
    weak = about is False or (about is None and (known is None or not alone))
    return Recognised(
        "intervention",
        sets={"kind": kind},
        weak=weak,
        for_a_reason=about is False or (weak and known is not None),
    )


def _condition(resource: Json) -> Recognised | None:
    stated = verification(resource)
    if stated is None or not is_asserted(resource):
        return None
    if concept_of(resource.get("code"), "diagnosis") is not None:
        return Recognised("diagnosis", sets={"verification": stated} if stated else {})
    if concept_of(resource.get("code"), "comorbidity") is not None:
        if stated == "refuted":
            return Recognised("comorbidity", sets={"presence": "absent"})
        # The case has no place for a comorbidity that is suspected, or over.
        if stated in ("", "confirmed") and is_present(resource):
            return Recognised("comorbidity", sets={"presence": "present"})
    return None


def concept_codes(concept: Any) -> set[str]:
    """The bare codes of a CodeableConcept from an HL7 code system."""
    return {str(c.get("code")) for one in _dicts(concept) for c in _dicts(one.get("coding"))}


_PARTS_OF_SUBJECT = {"age": "age", "phototype": "phototype", "ethnicity": "ethnicity"}


def _observation(resource: Json) -> Recognised | None:
    code = resource.get("code")
    instrument = concept_of(code, "instrument")
    if instrument is not None:
        whole = instrument.key == "bsa" and _is_of_the_whole_body(resource)
        return None if whole else Recognised("assessment")
    meant = concept_of(code, "observation")
    if meant is not None:
        if meant.key in _PARTS_OF_SUBJECT:
            return Recognised("subject", _PARTS_OF_SUBJECT[meant.key])
        if meant.key == "repigmentation":
            return Recognised("response")
    value = concept_of(resource.get("valueCodeableConcept"), "presence")
    finding = concept_of(code, "finding")
    if finding is not None and finding.key not in _SIGNS and value is not None and value.key == "absent":
        return Recognised("event", sets={"presence": "absent"})
    return None


_SIGNS = frozenset(
    {
        "achromia", "circumscribed-hypomelanosis", "confetti", "halo-naevus", "hypochromic-border", "hypopigmentation",
        "inflammatory-border", "koebner-phenomenon", "leukotrichia", "mucosal-involvement", "poliosis",
        "premature-greying", "repigmentation", "spontaneous-repigmentation", "trichrome", "white-eyebrow",
        "white-eyelashes", "white-forelock",
    }
)  # fmt: skip
"""Findings that are signs of the vitiligo: that one is absent tells of the skin, not of the harm a treatment did not do."""


_BODY_SURFACE_AREA = (LOINC, "8277-6")


def _is_of_the_whole_body(resource: Json) -> bool:
    """Whether a body surface area is that of the body (in square metres), not the per cent of it affected."""
    codings = _dicts(resource["code"].get("coding")) if isinstance(resource.get("code"), dict) else []
    if any((one.get("system"), one.get("code")) == _BODY_SURFACE_AREA for one in codings):
        return True
    amount: Any = resource.get("valueQuantity")
    if isinstance(amount, dict):
        unit = amount.get("code") or amount.get("unit")
    else:
        try:
            unit = Quantity.model_validate(resource.get("valueString")).unit
        except ValidationError:
            unit = None
    return isinstance(unit, str) and "%" not in (unit, ucum.unit(unit)) and not unit.startswith(("%", "{"))


_PROCEDURE_KINDS = {"phototherapy": "phototherapy", "laser": "laser", "graft": "surgery"}
_PROCEDURES_ALONE = frozenset({"phototherapy", "excimer-laser", "helium-neon-laser", "graft"})
"""Procedures, with those below them, that need no stated reason to be of vitiligo."""
_BUT_FOR_MUCH_ELSE = frozenset({"graft", "split-thickness-graft", "hair-transplant"})
_DRUGS_ALONE = frozenset(
    {
        "afamelanotide", "clobetasol", "cm-wjmsc", "khellin", "mequinol", "methoxsalen", "monobenzone",
        "pimecrolimus", "povorcitinib", "pseudocatalase", "ruxolitinib-topical", "tacrolimus",
        "tacrolimus-topical", "trioxsalen",
    }
)  # fmt: skip
"""Drugs that need none. What is put on the skin does not either; all others are given for much else."""


def _is_of_vitiligo_alone(resource: Json, drug: Concept | None) -> bool:
    return drug is not None and (drug.key in _DRUGS_ALONE or use_kind(resource, drug) == "topical")


def _procedure(resource: Json) -> Recognised | None:
    meant = concept_of(resource.get("code"), "procedure")
    if meant is None and _about_vitiligo(resource) is not True and not reason_nodes(resource):
        return None
    kind, alone, above = "procedure", False, meant
    while above is not None:
        kind = _PROCEDURE_KINDS.get(above.key, kind)
        alone = alone or above.key in _PROCEDURES_ALONE
        above = registry.concept("procedure", above.parent) if above.parent else None
    alone = alone and meant is not None and meant.key not in _BUT_FOR_MUCH_ELSE
    return _treatment(resource, kind, meant, alone=alone)


def _medication_use(resource: Json) -> Recognised | None:
    meant = concept_of(medication_code(resource) or medication_name(resource), "drug")
    return _treatment(
        resource, use_kind(resource, meant), meant, alone=_is_of_vitiligo_alone(resource, meant)
    )


def use_kind(resource: Json, drug: Concept | None) -> str:
    """topical or systemic where route or drug say so, else other: nothing is guessed."""
    if drug is not None:
        for ending, kind in (("-topical", "topical"), ("-oral", "systemic"), ("-systemic", "systemic")):
            if drug.key.endswith(ending):
                return kind
    for dosage in (*_dicts(resource.get("dosage")), *_dicts(resource.get("dosageInstruction"))):
        route = concept_of(dosage.get("route"), "route")
        if route is not None:
            return "topical" if route.key == "topical" else "systemic"
    return "other"


def _document(resource: Json) -> Recognised | None:
    meant = concept_of(resource.get("type"), "document")
    return Recognised("photograph") if meant is not None and meant.key == "photograph" else None


def _adverse_event(resource: Json) -> Recognised | None:
    if resource.get("actuality") not in (None, "actual"):
        return None
    named = resource.get("event") or resource.get("code")
    if concept_of(named, "finding") is not None:
        return Recognised("event", sets={"presence": "present"})
    # What nobody knows by its name is of interest when a treatment of this case is suspected.
    suspected = bool(_dicts(named)) and any(True for _ in suspect_references(resource))
    return Recognised("event", sets={"presence": "present"}, weak=True) if suspected else None


def _family(resource: Json) -> Recognised | None:
    for condition in _dicts(resource.get("condition")):
        if concept_of(condition.get("code"), "comorbidity") is not None:
            return Recognised("family-member", sets={"presence": "present"})
    return None


RECOGNISERS: Mapping[str, Callable[[Json], Recognised | None]] = {
    "Patient": lambda resource: Recognised("subject"),
    "Encounter": lambda resource: Recognised("timepoint", weak=True),
    "Condition": _condition,
    "Observation": _observation,
    "Procedure": _procedure,
    "MedicationStatement": _medication_use,
    "MedicationRequest": _medication_use,
    "MedicationAdministration": _medication_use,
    "MedicationDispense": _medication_use,
    "Medication": lambda resource: Recognised(
        "product", weak=not _is_of_vitiligo_alone(resource, concept_of(resource.get("code"), "drug"))
    ),
    "BodyStructure": lambda resource: Recognised("lesion", weak=True),
    "DocumentReference": _document,
    "AdverseEvent": _adverse_event,
    "FamilyMemberHistory": _family,
}


_NEVER_WAS: Mapping[str, frozenset[str]] = {
    "Observation": frozenset({"cancelled"}),
    "Encounter": frozenset({"cancelled", "planned"}),
    "MedicationDispense": frozenset({"cancelled", "declined"}),
}
"""By type: the statuses of what did not take place, or not yet."""


def is_withdrawn(resource: Json) -> bool:
    """Whether a resource says of itself that it never should have been, or that what it is about was not."""
    error, status = "entered-in-error", resource.get("status")
    return (
        status == error
        or (isinstance(status, str) and status in _NEVER_WAS.get(str(resource.get("resourceType")), ()))
        or resource.get("doNotPerform") is True
        or error in concept_codes(resource.get("verificationStatus"))
    )


def is_changed(text: bytes) -> bool:
    """Whether a resource, as JSON text of ours, says that it means something else than it seems to, in words
    that are not FHIR's own: it must not be read then
    (https://hl7.org/fhir/R4/extensibility.html#modifierExtension, resource.html#implicitRules).
    """
    return b'"modifierExtension":[{' in text or b'"implicitRules":"' in text


def recognise(resource: Json) -> Recognised | None:
    """What a resource from elsewhere is, or ``None``."""
    recogniser = RECOGNISERS.get(str(resource.get("resourceType")))
    return recogniser(resource) if recogniser is not None else None
