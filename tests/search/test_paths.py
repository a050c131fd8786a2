"""The paths of search parameters: what they select, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.fhir.paths import Path, compile_path
from fhir_vitiligo.fhir.release import Release

R4_TYPES = definitions_of(Release.R4).type_names


def compiled(expression: str, resource_type: str) -> Path | None:
    return compile_path(expression, resource_type, R4_TYPES)


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o",
    "valueQuantity": {"value": 3},
    "subject": {"reference": "Patient/1"},
    "performer": [
        {"reference": "Practitioner/2"},
        {"reference": "https://x.org/fhir/Patient/3"},
        {"type": "Patient"},
    ],
    "component": [{"code": {"text": "a"}}, {"code": {"text": "b"}}],
    "classHistory": ["not a choice of `class`"],
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "e"}],
    "name": [{"given": ["A", None, "B"]}],
    "deceasedBoolean": False,
    "extension": [{"url": "u", "valueString": "x"}],
}


@pytest.mark.parametrize(
    ("expression", "resource", "values"),
    [
        ("Observation.value", OBSERVATION, [{"value": 3}]),
        ("Observation.value as Quantity", OBSERVATION, [{"value": 3}]),
        ("(Observation.value as SampledData) | (Observation.value as Quantity)", OBSERVATION, [{"value": 3}]),
        ("Observation.value.as(CodeableConcept)", OBSERVATION, []),
        ("Observation.value.ofType(Quantity).value", OBSERVATION, [3]),
        ("Observation.class", OBSERVATION, []),
        ("Resource.id", OBSERVATION, ["o"]),
        ("Observation.subject.where(resolve() is Patient)", OBSERVATION, [{"reference": "Patient/1"}]),
        (
            "Observation.performer.where(resolve() is Patient)",
            OBSERVATION,
            [{"reference": "https://x.org/fhir/Patient/3"}, {"type": "Patient"}],
        ),
        ("Observation.component.code.text | Observation.id", OBSERVATION, ["a", "b", "o"]),
        ("Observation.component[1].code.text", OBSERVATION, ["b"]),
        ("Patient.telecom.where(system='phone').value", PATIENT, ["1"]),
        ("Patient.telecom.where(system = 'fax')", PATIENT, []),
        ("Patient.name.given", PATIENT, ["A", "B"]),
        ("Patient.deceased.exists() and Patient.deceased != false", PATIENT, [False]),
        ("Patient.extension.where(url = 'u').value", PATIENT, ["x"]),
        ("Patient.extension('u').value", PATIENT, ["x"]),
        ("name.given", PATIENT, ["A", "B"]),
    ],
)
def test_a_path_selects_the_values_in_document_order(
    expression: str, resource: dict[str, Any], values: list[Any]
) -> None:
    path = compiled(expression, resource["resourceType"])
    assert path is not None
    assert path(resource) == values


def test_only_the_branches_of_the_type_count() -> None:
    expression = "Condition.code | Observation.code"
    assert compiled(expression, "Patient") is None
    path = compiled(expression, "Observation")
    assert path is not None
    assert path({"resourceType": "Observation", "code": {"text": "x"}}) == [{"text": "x"}]


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("Patient.name.aggregate(1)", "aggregate() with these arguments is not supported"),
        ("Patient.link.other.resolve()", "resolve() is only supported in `resolve() is Type`"),
        ("Patient.name + 1", "'+ 1' cannot be read"),
        ("Patient.", "it ends too early"),
        ("Patient.name)", "')' is not expected"),
    ],
)
def test_what_is_outside_of_the_subset_is_refused_with_the_reason(expression: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        compiled(expression, "Patient")
    assert sentence in str(caught.value)
    assert caught.value.issues[0].code == "not-supported"


@pytest.mark.parametrize("release", list(Release))
def test_every_path_of_core_compiles_for_every_type_it_is_for(release: Release) -> None:
    definitions = definitions_of(release)
    missing = []
    count = 0
    for resource_type in definitions.resource_types:
        for code, parameter in definitions.search_parameters(resource_type).items():
            if parameter.expression:
                path = compile_path(parameter.expression, resource_type, definitions.type_names)
                if path is None:
                    missing.append((resource_type, code))
                    continue
                empty = {"resourceType": resource_type}
                assert path(empty) in ([empty] if parameter.type == "composite" else [], [], [False])
                count += 1
    assert count > 2000
    # Three of R5 name no element of the type: clinical-date has `(start | requestedPeriod.start).first()` for
    # Appointment and nothing for CareTeam, EvidenceVariable has no topic.
    faults = [("Appointment", "date"), ("CareTeam", "date"), ("EvidenceVariable", "topic")]
    assert missing == (faults if release is Release.R5 else [])
