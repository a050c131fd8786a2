"""The tests of the facts can fail: what a careless mapping would invent, the test of that fact notices."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from . import (
    test_disease_and_lesions,
    test_nothing_invented,
    test_outcome,
    test_patient_and_visits,
    test_scores,
    test_source,
    test_treatment,
)
from .view import OWN_CODES, SCT, UCUM, View, component

MODULES = (
    test_disease_and_lesions,
    test_nothing_invented,
    test_outcome,
    test_patient_and_visits,
    test_scores,
    test_source,
    test_treatment,
)
Invention = Callable[[View], Any]


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _add(kind: str, **members: Any) -> Invention:
    def invent(view: View) -> None:
        found = {"resourceType": kind, "id": "11111111-1111-5111-8111-111111111111", **members}
        url = f"urn:uuid:{found['id']}"
        request = {"method": "PUT", "url": f"{kind}/{found['id']}"}
        view.bundle["entry"].append({"fullUrl": url, "resource": found, "request": request})

    return invent


def _timing(view: View) -> dict[str, Any]:
    procedure = view.one("Procedure")
    found = procedure["occurrenceTiming"] if view.r5 else procedure["extension"][0]["valueTiming"]
    assert isinstance(found, dict)
    return found


def _strength(view: View) -> dict[str, Any]:
    (ingredient,) = view.one("Medication")["ingredient"]
    found = ingredient["strengthQuantity"] if view.r5 else ingredient["strength"]["numerator"]
    assert isinstance(found, dict)
    return found


def _visit_date(view: View) -> None:
    view.follow_up["actualPeriod" if view.r5 else "period"] = {"start": "2024-05-01"}


def _age_of_publication(view: View) -> None:
    (age,) = [
        o for o in view.all("Observation") if "valueQuantity" in o and o["valueQuantity"].get("code") == "a"
    ]
    age["effectiveDateTime"] = "2024"


INVENTIONS: dict[str, tuple[str, Invention]] = {
    "a name": ("test_fact_01", lambda v: v.one("Patient").update(name=[{"text": "A. B."}])),
    "a country": ("test_fact_01", lambda v: v.one("Patient").update(address=[{"country": "ID"}])),
    "a birth date": ("test_fact_03", lambda v: v.one("Patient").update(birthDate="2005")),
    "a birth date, as a date": (
        "test_there_is_no_cal",
        lambda v: v.one("Patient").update(birthDate="2005-07-01"),
    ),
    "the year of publication": ("test_a_year_stands", _age_of_publication),
    "an age at onset": (
        "test_fact_05",
        lambda v: v.one("Condition").update(onsetAge={"value": 19, "code": "a"}),
    ),
    "the right cheek": (
        "test_fact_07",
        lambda v: v.one("Condition")["bodySite"][1].update(
            extension=v.one("Condition")["bodySite"][0]["extension"]
        ),
    ),
    "a number of lesions": (
        "test_fact_09",
        lambda v: component(v.examination, "Number of lesions in words").update(valueInteger=3),
    ),
    "a macule": (
        "test_fact_10",
        lambda v: v.one("BodyStructure")["morphology"].update(_concept(SCT, "112629002")),
    ),
    "well-defined borders": (
        "test_fact_11",
        lambda v: component(v.examination, "Border of the lesion").update(
            valueCodeableConcept={"text": "sharp"}
        ),
    ),
    "left or right": (
        "test_fact_13",
        lambda v: component(v.examination, "Distribution of lesions")["valueCodeableConcept"][
            "coding"
        ].append({"system": SCT, "code": "66459002"}),
    ),
    "a subtype": (
        "test_fact_15",
        lambda v: v.one("Condition")["code"]["coding"].append(
            {"system": OWN_CODES, "code": "subtype.unisegmental"}
        ),
    ),
    "a reading of 7, 6": (
        "test_fact_16",
        lambda v: v.vetf(v.first_visit).update(valueQuantity={"value": Decimal("7.6")}),
    ),
    "components of 7, 6": (
        "test_fact_16",
        lambda v: v.vetf(v.first_visit).update(component=[{"valueInteger": 7}, {"valueInteger": 6}]),
    ),
    "a unit of VETF": (
        "test_fact_25",
        lambda v: v.vetf(v.follow_up)["valueQuantity"].update(unit="%", system=UCUM, code="%"),
    ),
    "a device": ("test_fact_17", _add("Device", manufacturer="somebody")),
    "a number of sessions": ("test_fact_18", lambda v: _timing(v)["repeat"].update(count=18)),
    "a course from the first visit on": (
        "test_fact_18",
        lambda v: v.one("Procedure").update(encounter={"reference": f"urn:uuid:{v.first_visit['id']}"}),
    ),
    "an administration": ("test_fact_19", _add("MedicationAdministration")),
    "cc as a unit": (
        "test_fact_19",
        lambda v: v.statements[0]["dosage"][0]["doseAndRate"][0]["doseQuantity"].update(code="cc", unit="cc"),
    ),
    "weight by volume": (
        "test_fact_20",
        lambda v: v.one("Medication")["ingredient"][0].update(extension=[{"url": "x/strength-basis"}]),
    ),
    "10 per cent": ("test_fact_20", lambda v: _strength(v).update(value=10)),
    "a dose at home": (
        "test_fact_22",
        lambda v: v.statements[1]["dosage"][0]["doseAndRate"][0].update(
            doseQuantity={"value": Decimal("0.3")}
        ),
    ),
    "nine months at home": (
        "test_fact_22",
        lambda v: v.statements[1]["dosage"][0]["timing"]["repeat"].update(
            boundsDuration={"value": 9, "code": "mo"}
        ),
    ),
    "a date of the follow-up": ("test_fact_23", _visit_date),
    "a per cent of repigmentation": (
        "test_fact_24",
        lambda v: v.coded("Observation", OWN_CODES, "observation.repigmentation")[0].update(
            valueQuantity={"value": 50, "unit": "%"}
        ),
    ),
    "no adverse events": (
        "test_fact_26",
        _add(
            "Observation",
            code=_concept(OWN_CODES, "finding.adverse-event"),
            valueCodeableConcept=_concept(SCT, "2667000"),
        ),
    ),
    "an allergy": ("test_fact_26", _add("AllergyIntolerance")),
    "improved, says a code": (
        "test_fact_27",
        lambda v: v.one("Procedure")["outcome"].update(_concept(SCT, "385669000")),
    ),
    "the authors as performers": (
        "test_fact_28",
        lambda v: v.one("Procedure").update(performer=[{"actor": {"display": "Diana Heny"}}]),
    ),
    "a chronic disease": ("test_fact_29", lambda v: v.one("Condition")["note"].append({"text": "chronic"})),
    "one more per cent": (
        "test_the_only_per_cent",
        lambda v: v.one("Condition")["note"].append({"text": "50 %"}),
    ),
    "a number of one's own": ("test_every_number", lambda v: _timing(v)["repeat"].update(periodMax=3)),
}


def _test_of(name: str) -> Callable[[View], None]:
    (found,) = [
        function
        for module in MODULES
        for function_name, function in vars(module).items()
        if function_name.startswith(name) and callable(function)
    ]
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize("invented", INVENTIONS)
def test_an_invention_is_noticed(view: View, invented: str) -> None:
    name, invent = INVENTIONS[invented]
    check = _test_of(name)
    check(view)
    spoilt = View(copy.deepcopy(view.bundle), view.release)
    invent(spoilt)
    with pytest.raises((AssertionError, ValueError)):
        check(View(spoilt.bundle, view.release))
