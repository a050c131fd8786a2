"""Facts 1 to 4 and 23: who came, how old, where to, and the second visit."""

from __future__ import annotations

from .view import LOINC, SCT, UCUM, UNKNOWN, View, codings, original_text, reading, texts, urls

V3_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def test_fact_01_one_patient_and_nothing_that_names_them(view: View) -> None:
    patient = view.one("Patient")
    assert patient.keys() <= {"resourceType", "id", "meta", "text", "identifier", "gender", "_birthDate"}
    assert [identifier["system"] for identifier in patient["identifier"]] == [
        "https://w3id.org/fhir-vitiligo/sid/item"
    ]
    about = [
        r["subject"] if "subject" in r else r["patient"]
        for r in view.resources
        if r.keys() & {"subject", "patient"}
    ]
    assert {reference["reference"] for reference in about} == {f"urn:uuid:{patient['id']}"}
    assert len(about) == len(view.resources) - 4  # not the Patient, the product, the source, the record
    # No phototype and no ethnicity, by code or by word.
    assert view.coded("Observation", LOINC, "66555-4") == []
    assert not [
        text for _, text in texts(view.bundle) if "phototype" in text.lower() or "ethnic" in text.lower()
    ]


def test_fact_02_male(view: View) -> None:
    patient = view.one("Patient")
    assert patient["gender"] == "male"
    assert "_gender" not in patient
    assert not [url for url in urls(view.bundle) if "sex" in url.lower()]
    assert not [
        text for _, text in texts(view.bundle) if "assigned" in text.lower() or "at birth" in text.lower()
    ]


def test_fact_03_nineteen_years_old_and_no_birth_date(view: View) -> None:
    (age,) = view.coded("Observation", LOINC, "30525-0")
    quantity = age["valueQuantity"]
    assert (quantity["value"], quantity["system"], quantity["code"]) == (19, UCUM, "a")
    assert original_text(quantity) == "19-year-old"
    assert age["status"] == "final"
    assert view.get(age["encounter"]) is view.first_visit
    patient = view.one("Patient")
    assert "birthDate" not in patient
    assert patient["_birthDate"] == UNKNOWN


def test_fact_04_came_to_the_dermatology_clinic(view: View) -> None:
    visit = view.first_visit
    if view.r5:
        assert visit["status"] == "completed"
        ((setting,),) = [concept["coding"] for concept in visit["class"]]
        assert visit["serviceType"] == [{"concept": {"text": "dermatology clinic"}}]
        assert visit["actualPeriod"] == UNKNOWN
        assert "period" not in visit
    else:
        assert visit["status"] == "finished"
        setting = visit["class"]
        assert visit["serviceType"] == {"text": "dermatology clinic"}
        assert visit["period"] == UNKNOWN
    assert (setting["system"], setting["code"]) == (V3_ACT_CODE, "AMB")
    assert reading(setting)["status"] == "derived"


def test_fact_23_a_follow_up_at_an_unstated_time(view: View) -> None:
    assert len(view.all("Encounter")) == 2
    visit = view.follow_up
    assert visit["status"] == ("completed" if view.r5 else "finished")
    assert visit["actualPeriod" if view.r5 else "period"] == UNKNOWN
    # Where it took place is not stated: R4 demands a class, R5 does not.
    assert "class" not in visit if view.r5 else visit["class"] == UNKNOWN
    assert not [text for _, text in texts(visit) if "9" in text and "mo" in text]
    at_follow_up = [
        r for r in view.all("Observation") if "encounter" in r and view.get(r["encounter"]) is visit
    ]
    assert len(at_follow_up) == 3  # the second score, repigmentation, no hyperpigmentation
    for observation in at_follow_up:
        assert observation["_effectiveDateTime"] == UNKNOWN
    assert (SCT, "2667000") in [pair for o in at_follow_up for pair in codings(o.get("valueCodeableConcept"))]
