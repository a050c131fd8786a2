"""Facts 16 and 25: VETF "7, 6" and VETF 5.6."""

from __future__ import annotations

from decimal import Decimal

from fhir_vitiligo.case.model import Case
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.mapper import Mapper

from .view import OWN_CODES, READING, View, codings, extension, original_text, reading, texts


def test_fact_16_vetf_as_written(view: View) -> None:
    score = view.vetf(view.first_visit)
    assert codings(score["code"]) == [(OWN_CODES, "instrument.vetf")]
    assert score["valueString"] == "7, 6"
    assert not score.keys() & {
        "valueQuantity",
        "component",
        "interpretation",
        "referenceRange",
        "dataAbsentReason",
    }
    (stage,) = view.one("Condition")["stage"]
    assert [view.get(reference) for reference in stage["assessment"]] == [score]
    assert "summary" not in stage
    parts = extension(score["_valueString"], READING)["extension"]
    assert [part["valueCode"] for part in parts if part["url"] == "status"] == ["ambiguous"]
    (candidate,) = [part["extension"] for part in parts if part["url"] == "candidate"]
    assert candidate[0] == {"url": "value", "valueString": "7.6"}
    assert "decimal comma" in candidate[1]["valueString"]
    # The other reading, a pair, is told and not encoded.
    assert "pair" in " ".join(text for _, text in texts(parts))


def test_fact_25_vetf_at_follow_up(view: View) -> None:
    score = view.vetf(view.follow_up)
    assert codings(score["code"]) == [(OWN_CODES, "instrument.vetf")]
    assert score["valueQuantity"] == {"value": Decimal("5.6")}
    assert not score.keys() & {"component", "interpretation", "derivedFrom"}
    assert len(view.coded("Observation", OWN_CODES, "instrument.vetf")) == 2


def test_no_improvement_is_computed_from_the_scores(view: View) -> None:
    assert not [
        text for _, text in texts(view.bundle) if "improvement" in text.lower() and "percent" in text.lower()
    ]


def test_an_accepted_candidate_becomes_the_value_and_keeps_what_was_written(
    case: Case, release: Release
) -> None:
    accepted = {"assessments.vetf-t0.total": "7.6"}
    view = View(json.loads(json.dumps(Mapper(release).to_fhir(case, accept_candidates=accepted))), release)
    score = view.vetf(view.first_visit)
    assert "valueString" not in score
    quantity = score["valueQuantity"]
    assert quantity["value"] == Decimal("7.6")
    assert not quantity.keys() & {"unit", "system", "code"}
    assert original_text(quantity) == "7, 6"
    told = reading(quantity)
    assert told["status"] == "derived"
    assert "accepted" in told["method"]
    assert "decimal comma" in told["method"]
