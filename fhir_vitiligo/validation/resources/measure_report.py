"""A MeasureReport against its Measure (https://hl7.org/fhir/R4/measurereport.html): groups, populations, stratifiers.

Parts are matched by code (R5: by ``linkId`` where it is given); one that is alone on both sides needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects
from fhir_vitiligo.validation.resources.questionnaire_enablement import value_of

_WITHOUT_GROUPS = frozenset(("data-collection", "data-exchange"))


def check(report: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``MeasureReport``."""
    canonical = report.get("measure")
    measure = context.library.resolve(canonical, "Measure") if isinstance(canonical, str) else None
    if measure is None:
        text = f"The Measure {shown(canonical)} is not known here, so the report was not checked against it."
        yield Fault("measure", "not-found", text, severity="information")
        return
    unmatched: list[Fault] = []
    for measured, (index, group) in _matched("group", measure, report, unmatched):
        scoring = _scoring(measured) or _scoring(measure)
        for fault in (
            *_populations(measured, group, report),
            *_score(scoring, group, report),
            *_stratifiers(measured, group),
        ):
            fault.steps.append(f"group[{index}]")
            yield fault
    # A report of the data alone has no groups.
    yield from unmatched if report.get("type") not in _WITHOUT_GROUPS else ()


# What a score may be, by how the measure is scored (https://hl7.org/fhir/R4/valueset-measure-scoring.html).
_SCORES: Mapping[str, tuple[int | None, int | None]] = {
    "cohort": (0, None),
    "proportion": (0, 1),
    "ratio": (None, None),
    "continuous-variable": (None, None),
}
_SCORING = "http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-scoring"


def _scoring(measured: Json) -> str | None:
    """How a measure, or a group of it (R5, or by the extension of R4), is scored."""
    told = [measured.get("scoring")]
    told += [
        one.get("valueCodeableConcept")
        for one in objects(measured.get("extension"))
        if one.get("url") == _SCORING
    ]
    for one in told:
        for coding in objects(one.get("coding")) if isinstance(one, dict) else ():
            if isinstance(coding.get("code"), str):
                return str(coding["code"])
    return None


def _score(scoring: str | None, group: Json, report: Json) -> Iterator[Fault]:
    if (
        scoring is None
        or scoring not in _SCORES
        or report.get("status") == "pending"
        or report.get("type") in _WITHOUT_GROUPS
    ):
        return
    found = value_of(group, "measureScore") or ("", group.get("measureScore"))
    if found[1] is None:
        yield Fault(
            "measure", "required", f"A measure scored as {scoring} has a score: `measureScore` is missing."
        )
        return
    value = found[1].get("value") if isinstance(found[1], dict) else found[1]
    lowest, highest = _SCORES[scoring]
    if not isinstance(value, int | Decimal):
        return
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        limits = f"from {lowest} to {highest}" if highest is not None else f"{lowest} or more"
        step = f"measureScore.ofType({found[0]})" if found[0] else "measureScore"
        text = f"The score is {value}; scored as {scoring} it is {limits}."
        yield Fault(
            "measure", "invalid", text, steps=["value", step] if found[0] in ("", "Quantity") else [step]
        )


def _stratifiers(measured: Json, group: Json) -> Iterator[Fault]:
    faults: list[Fault] = []
    list(_matched("stratifier", measured, group, faults))
    yield from faults


def _populations(measured: Json, group: Json, report: Json) -> Iterator[Fault]:
    faults: list[Fault] = []
    found = list(_matched("population", measured, group, faults))
    yield from faults
    for _, (index, population) in found:
        subjects, count = population.get("subjectResults"), population.get("count")
        if report.get("type") != "subject-list" and subjects is not None:
            text = "Only a report of type `subject-list` tells who is in a population: leave `subjectResults` out."
            yield Fault("measure", "business-rule", text, steps=[f"population[{index}]"])
        elif (
            report.get("type") == "subject-list"
            and isinstance(count, int)
            and count != (1 if subjects else 0)
        ):
            text = f"The count is {count}, and {'one subject is' if subjects else 'no subject is'} told."
            yield Fault("measure", "business-rule", text, steps=[f"population[{index}]"])


def _matched(
    name: str, measure: Json, report: Json, faults: list[Fault]
) -> Iterator[tuple[Json, tuple[int, Json]]]:
    """The parts of a report with what they report on; what does not match goes to ``faults``."""
    wanted, told = objects(measure.get(name)), numbered(report.get(name))
    if len(wanted) == 1 and len(told) == 1 and not (_key(wanted[0]) and _key(told[0][1])):
        yield wanted[0], told[0]
        return
    seen: list[Json] = []
    for index, one in told:
        if not _key(one):
            text = f"The {name} has no code, so nobody can tell which one of the Measure it reports."
            faults.append(Fault("measure", "business-rule", text, steps=[f"{name}[{index}]"]))
            continue
        found = next((part for part in wanted if _same(_key(part), _key(one))), None)
        if found is None:
            text = f"The Measure has no {name} with the code {_told(one)}."
            faults.append(Fault("measure", "business-rule", text, steps=[f"{name}[{index}]"]))
            continue
        if found in seen:
            text = f"The {name} {_told(one)} is reported twice."
            faults.append(Fault("measure", "business-rule", text, steps=[f"{name}[{index}]"]))
        seen.append(found)
        yield found, (index, one)
    faults.extend(
        Fault("measure", "business-rule", f"The Measure's {name} {_told(part)} is not reported.")
        for part in wanted
        if part not in seen
    )


def _key(part: Json) -> Any:
    return part.get("linkId") or part.get("code")


def _same(one: Any, other: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return bool(one == other)
    mine, others = objects(one.get("coding")), objects(other.get("coding"))
    if mine and others:
        return any(
            (a.get("system"), a.get("code")) == (b.get("system"), b.get("code")) for a in mine for b in others
        )
    return one.get("text") is not None and one.get("text") == other.get("text")


def _told(part: Json) -> str:
    code = part.get("code")
    coding = next(iter(objects(code.get("coding"))), {}) if isinstance(code, dict) else {}
    return shown(
        coding.get("code")
        or (code.get("text") if isinstance(code, dict) else None)
        or part.get("linkId")
        or "without a code"
    )
