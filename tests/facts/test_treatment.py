"""Facts 17 to 22 and 27: the course, the serum in the session and at home, what the authors thought of it."""

from __future__ import annotations

from decimal import Decimal

from .view import (
    HL7,
    SCT,
    UCUM,
    UNKNOWN,
    Json,
    View,
    all_codings,
    codings,
    extension,
    leaves,
    original_text,
    quantities,
    reading,
    texts,
    urls,
)


def _product(view: View, statement: Json) -> Json:
    reference = statement["medication"]["reference"] if view.r5 else statement["medicationReference"]
    return view.get(reference)


def test_fact_17_dermapen_microneedling(view: View) -> None:
    procedure = view.one("Procedure")
    assert procedure["code"]["text"] == "dermapen (microneedling therapy)"
    assert SCT not in [system for system, _ in codings(procedure["code"])]  # no verified code exists
    used = (
        [part["concept"] for part in procedure["used"] if "concept" in part]
        if view.r5
        else procedure["usedCode"]
    )
    assert used == [{"text": "dermapen"}]
    assert not {r["resourceType"] for r in view.resources} & {"Device", "DeviceDefinition", "Substance"}
    assert not procedure.keys() & {"focalDevice", "performer", "bodySite"}
    assert not [text for _, text in texts(view.bundle) if "mm" in text.split() or "anaesthe" in text.lower()]


def test_fact_18_every_two_weeks_for_nine_months(view: View) -> None:
    procedure = view.one("Procedure")  # one course, not one Procedure a session
    if view.r5:
        timing = procedure["occurrenceTiming"]
        assert HL7 + "procedure-schedule" not in urls(procedure)
    else:
        timing = extension(procedure, HL7 + "procedure-schedule")["valueTiming"]
    assert timing["repeat"] == {
        "boundsDuration": {"value": 9, "unit": "mo", "system": UCUM, "code": "mo"},
        "frequency": 1,
        "period": 2,
        "periodUnit": "wk",
    }
    assert "event" not in timing
    assert original_text(timing) == "every 2 weeks for 9 months"
    assert procedure["status"] == "completed"
    assert reading(procedure["_status"])["status"] == "derived"
    # 18, 19 or 20 sessions: not stated, so no number of them anywhere.
    assert not [path for path, _ in leaves(view.bundle) if path.endswith(("count", "countMax"))]
    assert not [url for url in urls(view.bundle) if "session" in url]
    # That the course began at the first visit is not stated either.
    assert "encounter" not in procedure
    if not view.r5:
        assert procedure["performedPeriod"] == {"_start": UNKNOWN}


def test_fact_19_a_third_of_a_millilitre(view: View) -> None:
    session, _ = view.statements
    (dosage,) = session["dosage"]
    assert dosage["text"] == "0.3 cc"
    (rate,) = dosage["doseAndRate"]
    dose = rate["doseQuantity"]
    assert (dose["value"], dose["unit"], dose["system"], dose["code"]) == (Decimal("0.3"), "mL", UCUM, "mL")
    assert original_text(dose) == "0.3 cc"
    assert reading(dose)["status"] == "derived"  # that it is the amount of one session is inferred
    assert "timing" not in dosage  # the session's schedule is the Procedure's
    procedure = view.one("Procedure")
    assert [view.get(reference) for reference in session["partOf"]] == [procedure]
    used = (
        [p["reference"] for p in procedure["used"] if "reference" in p]
        if view.r5
        else procedure["usedReference"]
    )
    assert [view.get(reference) for reference in used] == [view.one("Medication")]
    assert _product(view, session) is view.one("Medication")
    assert session["status"] == ("recorded" if view.r5 else "unknown")
    assert view.all("MedicationAdministration") == []


def test_fact_20_five_per_cent_conditioned_medium(view: View) -> None:
    product = view.one("Medication")
    assert (
        product["code"]["text"]
        == "CM-WJMSCs (Conditioned Medium-Wharton's jelly-Mesenchymal Stem Cells) serum"
    )
    (ingredient,) = product["ingredient"]
    if view.r5:
        item, strength = ingredient["item"]["concept"], ingredient["strengthQuantity"]
        assert product["doseForm"] == {"text": "serum"}
    else:
        item, strength = ingredient["itemCodeableConcept"], ingredient["strength"]["numerator"]
        denominator = ingredient["strength"]["denominator"]
        assert (denominator["value"], denominator["system"], denominator["code"]) == (1, UCUM, "1")
        assert product["form"] == {"text": "serum"}
    assert item["text"] == "CM-WJMSCs"
    assert (strength["value"], strength["system"], strength["code"]) == (5, UCUM, "%")
    assert original_text(strength) == "5%"
    # Weight or volume, donor, passage, batch, maker, licence: none of it is stated.
    assert not [url for url in urls(product) if url.endswith(("strength-basis", "product-licence"))]
    assert not product.keys() & {
        "batch",
        "manufacturer",
        "marketingAuthorizationHolder",
        "amount",
        "totalVolume",
    }
    assert view.all("BiologicallyDerivedProduct") == []
    assert {system for system, _ in all_codings(product)} <= {
        UCUM,
        "https://w3id.org/fhir-vitiligo/CodeSystem/vitiligo",
    }


def test_fact_21_to_the_entire_lesion_area(view: View) -> None:
    session, _ = view.statements
    assert session["dosage"][0]["site"] == {"text": "entire lesion area"}
    lesion = view.one("BodyStructure")
    target = extension(view.one("Procedure"), HL7 + "procedure-targetBodyStructure")
    assert view.get(target["valueReference"]) is lesion
    assert not [q for _, q in quantities(view.bundle) if q.get("code") in ("cm2", "mm2", "m2")]


def test_fact_22_twice_daily_at_home(view: View) -> None:
    _, home = view.statements
    assert home["status"] == ("recorded" if view.r5 else "unknown")
    assert "adherence" not in home
    (dosage,) = home["dosage"]
    assert dosage["timing"]["repeat"] == {
        "frequency": 2,
        "period": 1,
        "periodUnit": "d",
    }  # no bounds: for how long is not stated
    assert original_text(dosage["timing"]) == "2 times a day daily"
    assert codings(dosage["route"]) == [(SCT, "6064005")]
    assert [value for _, value in leaves(home) if value == "Home"] == [
        "Home",
        "Home",
    ]  # coding and text of one place
    (rate,) = dosage["doseAndRate"]
    assert rate == {"doseQuantity": UNKNOWN}
    assert _product(view, home) is view.one("Medication")
    assert home["effectivePeriod"] == UNKNOWN
    assert [name for name in home if "effective" in name.lower()] == ["effectivePeriod"]


def test_fact_27_good_results_say_the_authors(view: View) -> None:
    outcome = view.one("Procedure")["outcome"]
    assert outcome["text"] == "good results"
    assert "coding" not in outcome
    assert "authors" in reading(outcome)["method"]
