"""The rules between R4 and R5 for medications, their use and procedures that are more than a move
(https://hl7.org/fhir/R5/medication.html, medicationstatement.html, dosage.html, procedure.html).
"""

from __future__ import annotations

from fhir_vitiligo.fhir.conversion.rules import EXTENSION, Rule, listed
from fhir_vitiligo.fhir.conversion.shapes import some
from fhir_vitiligo.fhir.conversion.tree import Primitive
from fhir_vitiligo.fhir.json import Json

_UCUM = "http://unitsofmeasure.org"
_ONE = {"value": 1, "unit": "1", "system": _UCUM, "code": "1"}
_ADHERENCE = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"


def _strength_up(x: Json) -> Json:
    ratio = x.get("strength")
    if (
        isinstance(ratio, dict)
        and set(ratio) == {"numerator", "denominator"}
        and ratio["denominator"] == _ONE
    ):
        return {"strengthQuantity": ratio["numerator"]}
    return some(strengthRatio=ratio)


def _strength_down(y: Json) -> Json:
    if "strengthQuantity" in y:
        return {"strength": {"numerator": y["strengthQuantity"], "denominator": _ONE}}
    return some(strength=y.get("strengthRatio"))


STRENGTH = Rule(
    ("strength",),
    ("strengthRatio", "strengthQuantity", "strengthCodeableConcept"),
    _strength_up,
    _strength_down,
)

# What the patient did, which R4 tells by the status of the statement.
_DONE = {"active": "taking", "on-hold": "on-hold", "stopped": "stopped", "not-taken": "not-taking"}
_WORDS = (*_DONE, "completed", "intended")


def _adherence_up(x: Json) -> Json:
    status = x.get("status")
    reasons = x.get("statusReason", ())
    if not isinstance(status, str) or status not in _WORDS:
        same = status == "entered-in-error" or isinstance(status, Primitive)
        return some(status=status if same else "recorded" if status else None)
    codings = [{"system": _ADHERENCE, "code": _DONE[status]}] if status in _DONE else []
    code = some(coding=codings, text=status)
    return {
        "status": "recorded",
        "adherence": {"code": code, **some(reason=reasons[0] if reasons else None)},
    }


def _adherence_down(y: Json) -> Json:
    status, adherence = y.get("status"), y.get("adherence", {})
    if status == "entered-in-error" or isinstance(status, Primitive):
        return {"status": status}
    code = adherence.get("code", {})
    told = [str(one.get("code")) for one in code.get("coding", ()) if one.get("system") == _ADHERENCE]
    words = [word for word, done in _DONE.items() if any(_is_kind(one, done) for one in told)]
    if code.get("text") in _WORDS and (not told or words == [code["text"]]):
        words = [code["text"]]
    return some(
        status=(words[0] if words else "unknown") if status else None,
        statusReason=listed(adherence.get("reason")) if words else [],
    )


def _is_kind(code: str, done: str) -> bool:
    """``taking-as-directed`` is a way of ``taking``."""
    return code == done or code.startswith(f"{done}-")


ADHERENCE = Rule(
    ("status", "statusReason"), ("status", "adherence"), _adherence_up, _adherence_down, whole=True
)


def _as_needed_up(x: Json) -> Json:
    return some(asNeeded=x.get("asNeededBoolean"), asNeededFor=listed(x.get("asNeededCodeableConcept")))


def _as_needed_down(y: Json) -> Json:
    reasons = y.get("asNeededFor", [])
    if reasons:
        return {"asNeededCodeableConcept": reasons[0]}
    return some(asNeededBoolean=y.get("asNeeded"))


AS_NEEDED = Rule(
    ("asNeededBoolean", "asNeededCodeableConcept"),
    ("asNeeded", "asNeededFor"),
    _as_needed_up,
    _as_needed_down,
)


# Procedure

_SCHEDULE = "http://hl7.org/fhir/StructureDefinition/procedure-schedule"
_SCHEDULED = f"{EXTENSION}{_SCHEDULE})"
_TIMES = ("DateTime", "Period", "String", "Age", "Range")


def occurrence(period_url: str | None = None) -> Rule:
    """When a procedure was done. What R4 has beside of it as HL7's extension, a schedule, is one of the choices of R5: where
    there are both, the schedule stays an extension, or, where a guide has an extension for it, the period becomes one.
    """
    performed = tuple(f"performed{kind}" for kind in _TIMES)
    occurred = tuple(f"occurrence{kind}" for kind in _TIMES)
    period_name = () if period_url is None else (f"{EXTENSION}{period_url})",)

    def up(x: Json) -> Json:
        timings = [one["valueTiming"] for one in x.get(_SCHEDULED, ()) if "valueTiming" in one]
        told = {new: x[old] for old, new in zip(performed, occurred, strict=True) if old in x}
        if not timings:
            return told
        if not told:
            return {"occurrenceTiming": timings[0]}
        if set(told) == {"occurrencePeriod"} and period_name:
            period = [{"url": period_url, "valuePeriod": told["occurrencePeriod"]}]
            return {"occurrenceTiming": timings[0], period_name[0]: period}
        return told

    def down(y: Json) -> Json:
        told = {old: y[new] for old, new in zip(performed, occurred, strict=True) if new in y}
        if "occurrenceTiming" in y:
            told[_SCHEDULED] = [{"url": _SCHEDULE, "valueTiming": y["occurrenceTiming"]}]
            for one in y.get(period_name[0], ())[:1] if period_name else ():
                told["performedPeriod"] = one.get("valuePeriod")
        return told

    return Rule((*performed, _SCHEDULED), (*occurred, "occurrenceTiming", *period_name), up, down)
