"""Facts 24 and 26: repigmentation, and no hyperpigmentation."""

from __future__ import annotations

from .view import OWN_CODES, SCT, UNKNOWN, View, codings, component, quantities, reading


def test_fact_24_slowly_started_to_repigment(view: View) -> None:
    (response,) = view.coded("Observation", OWN_CODES, "observation.repigmentation")
    assert response["valueString"] == "slowly started to repigment"
    assert view.get(response["encounter"]) is view.follow_up
    assert response["_effectiveDateTime"] == UNKNOWN
    assert [view.get(reference) for reference in response["focus"]] == [view.one("BodyStructure")]
    assert view.one("Procedure") in [view.get(reference) for reference in response["partOf"]]
    assert list(quantities(response)) == []  # no per cent
    # The trend is an inference and says so.
    trend = component(response, "Trend")["valueCodeableConcept"]
    assert codings(trend) == [(SCT, "268910001")]
    assert reading(trend)["status"] == "derived"
    assert len(response["component"]) == 1


def test_fact_26_no_hyperpigmentation_in_the_lesions(view: View) -> None:
    (absence,) = view.coded("Observation", SCT, "49765009")
    assert absence["code"]["text"] == "hyperpigmentation in the lesions"
    assert codings(absence["valueCodeableConcept"]) == [(SCT, "2667000")]
    assert absence["status"] == "final"
    assert view.get(absence["encounter"]) is view.follow_up
    assert [view.get(reference) for reference in absence["focus"]] == [view.one("BodyStructure")]
    # This one absence, and not "no adverse events".
    absences = [
        o for o in view.all("Observation") if (SCT, "2667000") in codings(o.get("valueCodeableConcept"))
    ]
    assert absences == [absence]
    assert view.all("AdverseEvent") == []
    assert view.all("AllergyIntolerance") == []
    assert (OWN_CODES, "finding.adverse-event") not in codings(absence["code"])
