"""Bundles as other systems write them: made by hand here, in the habits of EHRs, none of it copied."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
BASE = "https://ehr.hospital.test/fhir"


def _concept(text: str | None = None, *codings: tuple[str, str, str | None]) -> Json:
    found: Json = {}
    if codings:
        found["coding"] = [
            {"system": system, "code": code, **({"display": display} if display else {})}
            for system, code, display in codings
        ]
    if text is not None:
        found["text"] = text
    return found


def _entry(resource: Json, **more: Any) -> Json:
    return {"fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}", "resource": resource, **more}


def _quantity(value: Any, unit: str, code: str | None = None) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": code or unit}


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"versionId": "3", "lastUpdated": "2023-04-01T08:00:00.000+02:00", "source": "#ehr"},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Jane</div>'},
    "identifier": [
        {"use": "usual", "type": _concept("MRN", ("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", None)),
         "system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345", "assigner": {"display": "General Hospital"}},
        {"value": "no-system"},
    ],
    "active": True,
    "name": [{"use": "official", "family": "Chalmers", "given": ["Jane", "J."]}],
    "telecom": [{"system": "phone", "value": "(03) 5555 6473", "rank": 1}],
    "gender": "female",
    "birthDate": "1984-12-25",
    "_birthDate": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                                  "valueDateTime": "1984-12-25T14:35:45-05:00"}]},
    "deceasedBoolean": False,
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "Organization/1"},
}  # fmt: skip


def _about(resource: Json) -> Json:
    return {**resource, "subject": {"reference": "Patient/p1", "display": "Jane Chalmers"}}


ENCOUNTER_R4: Json = _about({
    "resourceType": "Encounter", "id": "e1", "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"},
    "type": [_concept("Dermatology visit", (SCT, "11429006", "Consultation"))],
    "serviceType": _concept("Dermatology"),
    "period": {"start": "2023-03-05T10:00:00Z", "end": "2023-03-05T10:30:00Z"},
    "location": [{"location": {"reference": "Location/2"}}],
    "length": _quantity(30, "min"),
})  # fmt: skip
ENCOUNTER_R5: Json = {
    **{name: value for name, value in ENCOUNTER_R4.items() if name not in ("class", "period", "serviceType")},
    "status": "completed", "class": [{"coding": [ENCOUNTER_R4["class"]]}], "actualPeriod": ENCOUNTER_R4["period"],
    "serviceType": [{"concept": _concept("Dermatology")}],
}  # fmt: skip


def _condition(identity: str, code: Json, **more: Any) -> Json:
    return _about({
        "resourceType": "Condition", "id": identity,
        "clinicalStatus": _concept(None, ("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active")),
        "verificationStatus": _concept(None, ("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", None)),
        "category": [_concept(None, ("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis", None))],
        "code": code, "encounter": {"reference": "Encounter/e1"}, "recordedDate": "2023-03-05", **more,
    })  # fmt: skip


CONDITIONS = [
    _condition("c1", _concept("Segmental vitiligo, left cheek", (SCT, "403268000", "Segmental vitiligo (disorder)")),
               onsetDateTime="2021", bodySite=[_concept("Left cheek", (SCT, "45206002", "Nasal structure"))],
               note=[{"text": "Since childhood.", "time": "2023-03-05T10:10:00Z", "authorString": "Dr. A"}],
               severity=_concept("mild"), stage=[{"summary": _concept("early")}]),
    _condition("c2", _concept("Weißfleckenkrankheit", ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "L80", "Vitiligo"),
                              (SCT, "56727007", "Vitiligo (disorder)")),
               onsetAge=_quantity(19, "a"), abatementString="last year",
               clinicalStatus=_concept(None, ("http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved", None))),
    _condition("c3", _concept("Vitiligo"), onsetRange={"low": _quantity(10, "a"), "high": _quantity(19, "a")}),
    _condition("c4", _concept("Type 2 diabetes", ("http://hl7.org/fhir/sid/icd-10", "E11", None))),
    _condition("c5", _concept(None, (SCT, "73211009", "Diabetes mellitus (disorder)"))),
    _condition("c6", _concept("Alopecia areata"), onsetString="in her teens",
               verificationStatus=_concept(None, ("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted", None))),
]  # fmt: skip

_DOSAGE: Json = {
    "sequence": 1, "text": "thin layer twice a day", "timing": {"repeat": {
        "frequency": 2, "period": 1, "periodUnit": "d", "boundsDuration": _quantity(3, "mo"), "when": ["MORN"]}},
    "site": _concept("face", (SCT, "89545001", "Face structure")), "route": _concept("Topical", (SCT, "6064005", "Topical route")),
    "doseAndRate": [{"type": _concept("ordered"), "doseQuantity": _quantity(1, "g")}], "asNeededBoolean": False,
}  # fmt: skip
_REASON = [_concept("Vitiligo", (SCT, "56727007", None))]

MEDICATIONS_R4 = [
    _about({"resourceType": "MedicationRequest", "id": "mr1", "status": "active", "intent": "order", "authoredOn": "2023-03-05",
            "medicationCodeableConcept": _concept("Tacrolimus 0.1 % ointment", ("http://www.whocc.no/atc", "D11AH01", "tacrolimus")),
            "encounter": {"reference": "Encounter/e1"}, "requester": {"display": "Dr. A"}, "reasonCode": _REASON,
            "category": [_concept("outpatient")], "dosageInstruction": [_DOSAGE], "note": [{"text": "avoid eyes"}],
            "dispenseRequest": {"quantity": {"value": 30, "unit": "g"}}}),
    _about({"resourceType": "MedicationAdministration", "id": "ma1", "status": "completed",
            "medicationReference": {"reference": "#m"}, "contained": [
                {"resourceType": "Medication", "id": "m", "code": _concept("Prednisolone", ("http://www.whocc.no/atc", "H02AB06", None)),
                 "form": _concept("tablet"), "batch": {"lotNumber": "L7"},
                 "ingredient": [{"itemCodeableConcept": _concept("prednisolone"), "isActive": True, "strength": {
                     "numerator": _quantity(5, "mg"), "denominator": {"value": 1, "unit": "tablet"}}}]}],
            "effectiveDateTime": "2023-03-06T09:00:00Z", "reasonCode": _REASON,
            "dosage": {"text": "5 mg", "dose": _quantity(5, "mg"), "route": _concept("oral"), "rateQuantity": _quantity(1, "mg/h")}}),
    _about({"resourceType": "MedicationDispense", "id": "md1", "status": "completed", "medicationReference": {
                "reference": "Medication/med2", "display": "clobetasol"}, "quantity": {"value": 30, "unit": "g"},
            "daysSupply": {"value": 14, "unit": "d"}, "whenHandedOver": "2023-03-07", "dosageInstruction": [_DOSAGE]}),
    {"resourceType": "Medication", "id": "med2", "code": _concept("Clobetasol 0.05 % cream", ("http://www.whocc.no/atc", "D07AD01", None)),
     "status": "active", "manufacturer": {"display": "ACME"}},
    _about({"resourceType": "MedicationStatement", "id": "ms1", "status": "stopped", "medicationCodeableConcept": _concept("some herb"),
            "statusReason": [_concept("no effect")], "effectivePeriod": {"start": "2020", "end": "2021-05"}, "dateAsserted": "2023-03-05",
            "informationSource": {"display": "patient"}, "reasonCode": _REASON, "dosage": [{"text": "1 tea spoon"}]}),
    _about({"resourceType": "MedicationRequest", "id": "mr2", "status": "active", "intent": "order",
            "medicationCodeableConcept": _concept("Metformin 500 mg"), "reasonReference": [{"reference": "Condition/c5"}]}),
]  # fmt: skip


def _observation(identity: str, code: Json, **more: Any) -> Json:
    return _about({"resourceType": "Observation", "id": identity, "status": "final", "code": code,
                   "category": [_concept(None, ("http://terminology.hl7.org/CodeSystem/observation-category", "exam", "Exam"))],
                   "encounter": {"reference": "Encounter/e1"}, "issued": "2023-03-05T10:20:00.000Z",
                   "performer": [{"display": "Dr. A"}], **more})  # fmt: skip


OBSERVATIONS = [
    _observation("o1", _concept("VASI"), effectiveDateTime="2023-03-05", valueQuantity=_quantity(5.5, "{score}"),
                 interpretation=[_concept("mild")], note=[{"text": "by hand units"}],
                 component=[{"code": _concept("Hand units"), "valueQuantity": {"value": 2}},
                            {"code": _concept("something else"), "valueString": "n/a"}],
                 referenceRange=[{"low": {"value": 0}, "high": {"value": 100}, "text": "0-100"}]),
    _observation("o2", _concept("Dermatology Life Quality Index"), effectivePeriod={"start": "2023-03-05", "end": "2023-03-06"},
                 valueInteger=7),
    _observation("o3", _concept("vitiligo area scoring index (VASI)", (SCT, "404684003", None)), valueString="about 5",
                 effectiveInstant="2023-03-05T10:20:00Z"),
    _observation("o4", _concept("Body height", (LOINC, "8302-2", "Body height")), valueQuantity=_quantity(170, "cm")),
    _observation("o5", _concept("Fitzpatrick skin phototype"), valueCodeableConcept=_concept("III")),
    _observation("o6", _concept("Repigmentation"), valueQuantity=_quantity(50, "%"), bodySite=_concept("face"), method=_concept("eye"),
                 specimen={"reference": "Specimen/1"}, device={"display": "lamp"}),
    _observation("o7", _concept("Koebner phenomenon"), valueCodeableConcept=_concept("absent")),
    _observation("o8", _concept("DLQI"), dataAbsentReason=_concept(
        "Patient declined", ("http://terminology.hl7.org/CodeSystem/data-absent-reason", "asked-declined", "Asked But Declined"))),
]  # fmt: skip

PROCEDURE_R4: Json = _about({
    "resourceType": "Procedure", "id": "pr1", "status": "completed", "category": _concept("treatment"),
    "code": _concept("Narrowband UVB phototherapy"), "performedDateTime": "2023-03-05", "reasonCode": _REASON,
    "encounter": {"reference": "Encounter/e1"}, "performer": [{"actor": {"display": "Nurse"}}], "bodySite": [_concept("face"), _concept("neck")],
    "outcome": _concept("improved"), "complication": [_concept("erythema")], "followUp": [_concept("monthly")],
    "note": [{"text": "300 mJ/cm2"}, {"text": "second note"}], "usedCode": [_concept("UVB cabin")],
})  # fmt: skip
OTHERS = [
    {"resourceType": "Coverage", "id": "cov", "status": "active", "beneficiary": {"reference": "Patient/p1"},
     "payor": [{"display": "Health Inc."}], "order": 1, "subrogation": False},
    {"resourceType": "Organization", "id": "1", "name": "General Hospital", "active": True},
    _about({"resourceType": "DiagnosticReport", "id": "dr", "status": "final", "code": _concept("Report"),
            "result": [{"reference": "Observation/o1"}]}),
    _about({"resourceType": "AdverseEvent", "id": "ae1", "actuality": "actual", "event": _concept("Erythema"), "date": "2023-03-08",
            "severity": _concept(None, ("http://terminology.hl7.org/CodeSystem/adverse-event-severity", "mild", None)),
            "suspectEntity": [{"instance": {"reference": "Procedure/pr1"}}]}),
    {"resourceType": "FamilyMemberHistory", "id": "f1", "status": "completed", "patient": {"reference": "Patient/p1"}, "name": "Ann",
     "relationship": _concept("mother"), "ageAge": _quantity(60, "a"), "condition": [
         {"code": _concept("Vitiligo"), "onsetAge": _quantity(30, "a"), "contributedToDeath": False}, {"code": _concept("Asthma")}]},
    _about({"resourceType": "DocumentReference", "id": "d1", "status": "current", "type": _concept("Photograph"), "date": "2023-03-05T10:00:00Z",
            "content": [{"attachment": {"contentType": "image/jpeg", "url": "https://pacs.test/1.jpg", "title": "Face", "size": 1234}},
                        {"attachment": {"url": "https://pacs.test/2.jpg"}}]}),
    {"resourceType": "BodyStructure", "id": "b1", "patient": {"reference": "Patient/p1"}, "active": True, "location": _concept("Face"),
     "description": "patch"},
]  # fmt: skip


def r4_searchset() -> Json:
    """What a search with includes answers."""
    resources = [PATIENT, ENCOUNTER_R4, *CONDITIONS, *OBSERVATIONS, *OTHERS]
    return {
        "resourceType": "Bundle", "id": "s1", "type": "searchset", "total": 42, "timestamp": "2023-04-01T08:00:00Z",
        "link": [{"relation": "self", "url": f"{BASE}/Patient?_id=p1"}, {"relation": "next", "url": f"{BASE}?page=2"}],
        "entry": [_entry(one, search={"mode": "match", "score": 1} if one is PATIENT else {"mode": "include"}) for one in resources],
    }  # fmt: skip


def r4_treatments() -> Json:
    """A collection of treatments, with medications inline, contained and referred to."""
    resources = [PATIENT, ENCOUNTER_R4, CONDITIONS[0], *MEDICATIONS_R4, PROCEDURE_R4]
    return {"resourceType": "Bundle", "type": "collection", "entry": [_entry(one) for one in resources]}


def r5_collection() -> Json:
    """The same habits in R5."""
    request, administration, dispense, medication, statement, _ = MEDICATIONS_R4

    def moved(resource: Json, **more: Any) -> Json:
        gone = (
            "medicationCodeableConcept",
            "medicationReference",
            "reasonCode",
            "dosage",
            "statusReason",
            "contained",
            "effectiveDateTime",
        )
        return {**{name: value for name, value in resource.items() if name not in gone}, **more}

    resources = [
        PATIENT,
        ENCOUNTER_R5,
        *CONDITIONS,
        moved(request, medication={"concept": request["medicationCodeableConcept"]}, reason=[{"concept": _REASON[0]}]),
        moved(administration, medication={"concept": _concept("Prednisolone")}, occurenceDateTime="2023-03-06",
              reason=[{"concept": _REASON[0]}], dosage={"text": "5 mg", "dose": _quantity(5, "mg")}),
        moved(dispense, medication={"reference": {"reference": "Medication/med2"}}, status="completed"),
        medication,
        moved(statement, medication={"concept": _concept("some herb")}, status="recorded", reason=[{"concept": _REASON[0]}],
              adherence={"code": _concept("stopped it"), "reason": _concept("no effect")}, dosage=[_DOSAGE]),
        {**{n: v for n, v in PROCEDURE_R4.items() if n not in ("category", "performedDateTime", "reasonCode", "usedCode")},
         "occurrenceDateTime": "2023-03-05", "reason": [{"concept": _REASON[0]}, {"reference": {"reference": "Condition/c1"}}],
         "category": [_concept("treatment"), _concept("skin")], "used": [{"concept": _concept("UVB cabin")}]},
        *OBSERVATIONS,
        {"resourceType": "BodyStructure", "id": "b1", "patient": {"reference": "Patient/p1"}, "includedStructure": [
            {"structure": _concept("Face"), "laterality": _concept("left"), "qualifier": [_concept("upper")]}]},
    ]  # fmt: skip
    return {"resourceType": "Bundle", "type": "collection", "entry": [_entry(one) for one in resources]}


def single_condition() -> Json:
    """One resource without a Bundle."""
    return CONDITIONS[0]
