"""Elements that change their shape, as a reader of either release sees them."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.conversion import Converter
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release

UP, DOWN = Converter.between(Release.R4, Release.R5), Converter.between(Release.R5, Release.R4)
OF_R4 = "http://hl7.org/fhir/4.0/StructureDefinition/extension-"
OF_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
A, B = {"text": "a"}, {"text": "b"}
TO_X, TO_Y = {"reference": "Observation/x"}, {"reference": "Observation/y"}
ONE = {"value": 1, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1"}


@pytest.mark.parametrize(
    ("resource_type", "r4", "r5"),
    [
        ("Encounter", {"reasonCode": [A], "reasonReference": [TO_X]}, {"reason": [{"value": [{"concept": A}]}, {"value": [{"reference": TO_X}]}]}),
        ("Encounter", {"hospitalization": {"dietPreference": [A], "origin": TO_X}}, {"admission": {"origin": TO_X}, "dietPreference": [A]}),
        ("Encounter", {"diagnosis": [{"condition": TO_X, "use": A}]}, {"diagnosis": [{"condition": [{"reference": TO_X}], "use": [A]}]}),
        ("Encounter", {"participant": [{"individual": {"reference": "Practitioner/d"}}]}, {"participant": [{"actor": {"reference": "Practitioner/d"}}]}),
        ("Condition", {"evidence": [{"code": [A]}, {"detail": [TO_X]}]}, {"evidence": [{"concept": A}, {"reference": TO_X}]}),
        ("BodyStructure", {"location": A}, {"includedStructure": [{"structure": A}]}),
        ("Composition", {"attester": [{"mode": "legal"}]},
         {"attester": [{"mode": {"coding": [{"system": "http://hl7.org/fhir/composition-attestation-mode", "code": "legal"}]}}]}),
        ("Composition", {"relatesTo": [{"code": "replaces", "targetReference": {"reference": "Composition/c"}}]},
         {"relatesTo": [{"type": "replaces", "resourceReference": {"reference": "Composition/c"}}]}),
        ("DocumentReference", {"context": {"encounter": [{"reference": "Encounter/e"}], "event": [A], "period": {"start": "2024"}}},
         {"context": [{"reference": "Encounter/e"}], "event": [{"concept": A}], "period": {"start": "2024"}}),
        ("DocumentReference", {"content": [{"attachment": {"size": 12}, "format": {"code": "f"}}]},
         {"content": [{"attachment": {"size": "12"}, "profile": [{"valueCoding": {"code": "f"}}]}]}),
        ("Medication", {"form": A, "ingredient": [{"itemCodeableConcept": B, "strength": {"numerator": {"value": 2}, "denominator": ONE}}]},
         {"doseForm": A, "ingredient": [{"item": {"concept": B}, "strengthQuantity": {"value": 2}}]}),
        ("MedicationRequest", {"medicationReference": {"reference": "Medication/m"}, "dosageInstruction": [{"asNeededCodeableConcept": A}]},
         {"medication": {"reference": {"reference": "Medication/m"}}, "dosageInstruction": [{"asNeededFor": [A]}]}),
        ("MedicationStatement", {"status": "completed", "statusReason": [A]}, {"status": "recorded", "adherence": {"code": {"text": "completed"}, "reason": A}}),
        ("MedicationStatement", {"status": "entered-in-error"}, {"status": "entered-in-error"}),
        ("Organization", {"telecom": [{"value": "1"}], "address": [{"city": "c"}]}, {"contact": [{"telecom": [{"value": "1"}]}, {"address": {"city": "c"}}]}),
        ("Practitioner", {"communication": [A]}, {"communication": [{"language": A}]}),
        ("Procedure", {"performedDateTime": "2024", "usedCode": [A], "usedReference": [{"reference": "Device/d"}], "complication": [B]},
         {"occurrenceDateTime": "2024", "used": [{"concept": A}, {"reference": {"reference": "Device/d"}}], "complication": [{"concept": B}]}),
        ("Provenance", {"recorded": "2024-01-01T00:00:00Z", "reason": [A]}, {"recorded": "2024-01-01T00:00:00Z", "authorization": [{"concept": A}]}),
        ("Observation", {"valueSampledData": {"origin": {"value": 0}, "period": 10, "dimensions": 1}},
         {"valueSampledData": {"origin": {"value": 0}, "interval": 10, "intervalUnit": "ms", "dimensions": 1}}),
    ],
)  # fmt: skip
def test_both_ways(resource_type: str, r4: Json, r5: Json) -> None:
    demanded: dict[str, tuple[Json, Json]] = {
        "Encounter": ({"class": {"code": "AMB"}}, {"class": [{"coding": [{"code": "AMB"}]}]}),
        "Condition": ({"clinicalStatus": A}, {"clinicalStatus": A}),
    }
    more = demanded.get(resource_type, ({}, {}))
    here, there = (
        {"resourceType": resource_type, **one, **other} for one, other in zip((r4, r5), more, strict=True)
    )
    assert UP.convert(here) == there
    assert DOWN.convert(there) == here


@pytest.mark.parametrize(
    ("resource", "told", "extensions"),
    [
        (
            {"resourceType": "Procedure", "reason": [{"reference": TO_X}, {"concept": A}]},
            {"reasonCode": [A], "reasonReference": [TO_X]},
            [{"url": f"{OF_R5}Procedure.reason", "valueReference": TO_X}, {"url": f"{OF_R5}Procedure.reason", "valueCodeableConcept": A}],
        ),
        (
            {"resourceType": "MedicationRequest", "status": "ended", "medication": {"concept": A}},
            {"status": "completed", "medicationCodeableConcept": A},
            [{"url": f"{OF_R5}MedicationRequest.status", "valueCode": "ended"}],
        ),
        (
            {"resourceType": "Observation", "valueAttachment": {"title": "t", "pages": 3}},
            {},
            [{"url": f"{OF_R5}Observation.value", "valueAttachment": {"title": "t", "extension": [{"url": f"{OF_R5}Attachment.pages", "valuePositiveInt": 3}]}}],
        ),
        (
            {"resourceType": "Encounter", "class": [{"coding": [{"code": "AMB"}], "text": "walk in"}]},
            {"class": {"code": "AMB"}},
            [{"url": f"{OF_R5}Encounter.class", "valueCodeableConcept": {"coding": [{"code": "AMB"}], "text": "walk in"}}],
        ),
    ],
)  # fmt: skip
def test_what_r4_cannot_tell_is_kept(resource: Json, told: Json, extensions: list[Any]) -> None:
    here = DOWN.convert(resource)
    assert here == {"resourceType": resource["resourceType"], **told, "extension": extensions}
    assert UP.convert(here) == resource


def test_what_was_changed_since_counts_more_than_what_was_kept() -> None:
    here = DOWN.convert(
        {"resourceType": "MedicationRequest", "status": "ended", "medication": {"concept": A}}
    )
    there = UP.convert({**here, "status": "on-hold"})
    assert there == {"resourceType": "MedicationRequest", "status": "on-hold", "medication": {"concept": A}}


def test_the_master_identifier_stands_first_and_is_known_again() -> None:
    document = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"value": "m"},
        "identifier": [{"value": "i"}],
    }
    there = UP.convert(document)
    assert there["identifier"] == [{"value": "m"}, {"value": "i"}]
    assert [one["url"] for one in there["extension"]] == [f"{OF_R4}DocumentReference.masterIdentifier"]
    assert DOWN.convert(there) == document


def test_a_reference_that_may_not_stand_there_is_kept_apart() -> None:
    use = {
        "resourceType": "MedicationStatement",
        "partOf": [{"reference": "Observation/o"}, {"reference": "Procedure/p"}],
    }
    there = UP.convert(use)
    assert there["partOf"] == [{"reference": "Procedure/p"}]
    assert {one["valueReference"]["reference"] for one in there["extension"]} == {
        "Observation/o",
        "Procedure/p",
    }
    assert DOWN.convert(there) == use


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ({"resourceType": "AdverseEvent", "status": "unknown"}, "AdverseEvent.status"),
        ({"resourceType": "Patient", "contained": [{"resourceType": "Citation"}]}, "Patient.contained[0]"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_with_its_place(resource: Json, place: str) -> None:
    with pytest.raises(InputError) as error:
        DOWN.convert(resource)
    assert error.value.issues[0].code == "not-supported"
    assert error.value.issues[0].expression == place
