"""Typed objects of ``fhir.resources`` out and in: the same content, decimals digit for digit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fhir.resources import get_fhir_model_class as r5_class
from fhir.resources.R4B import get_fhir_model_class as r4b_class

import fhir_vitiligo as fv
from fhir_vitiligo.fhir import json
from fhir_vitiligo.models import cases_from_models, from_models, resource_of, to_models
from fhir_vitiligo.packaged import example_names

RELEASES = ("r4", "r4b", "r5")


def holds(node: Any) -> bool:
    """Whether fhir.resources has a place for all of it: it has none for ``_valueString`` of an extension."""
    if isinstance(node, dict):
        in_extension = "url" in node and any(name.startswith("_value") for name in node)
        return not in_extension and all(map(holds, node.values()))
    return all(map(holds, node)) if isinstance(node, list) else True


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", example_names())
def test_an_example_goes_through_typed_objects_and_comes_back(name: str, release: str) -> None:
    case = fv.example(name)
    bundle = fv.to_fhir(case, release, recorded="2024-03-05T10:30:00.120Z")
    if not holds(bundle):
        with pytest.raises(fv.InputError, match=r"_value\w+: Extra inputs are not permitted"):
            to_models(bundle, release)
        return
    typed = to_models(bundle, release)
    assert (
        type(typed).__module__ == "fhir.resources.bundle" if release == "r5" else "fhir.resources.R4B.bundle"
    )
    back = resource_of(typed)
    assert back == bundle
    # Equal numbers may differ in their digits: 12.5 == 12.50.
    assert sorted(json.dumps(back)) == sorted(json.dumps(bundle))
    assert from_models(typed) == fv.from_fhir(bundle, release)


def test_a_case_is_handed_out_as_a_bundle() -> None:
    case = fv.example("relapse")
    typed = to_models(case, "r5")
    assert typed.get_resource_type() == "Bundle"
    assert from_models(typed) == (case, [])


@pytest.mark.parametrize("wrong", [None, 5, "x", b"x"])
def test_what_is_neither_case_nor_object_is_told(wrong: Any) -> None:
    found = type(wrong).__name__
    with pytest.raises(
        fv.InputError, match=f"expected a case, a resource as a dict, or several, found {found}"
    ):
        to_models(wrong)
    with pytest.raises(fv.InputError, match=f"expected an object of fhir.resources, found {found}"):
        from_models(wrong)


def test_a_dict_given_for_an_object_is_told_where_it_belongs() -> None:
    with pytest.raises(fv.InputError, match=r"found dict: fhir_vitiligo\.from_fhir takes plain dicts"):
        from_models(fv.to_fhir(fv.example()))
    with pytest.raises(fv.InputError, match="expected a FHIR resource: an object with a resourceType"):
        to_models([5], "r5")  # type: ignore[list-item]


def test_decimals_keep_their_digits() -> None:
    quantity = {"value": Decimal("12.50"), "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    given = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "valueQuantity": quantity,
    }
    typed = to_models(given, "r4b")
    assert str(resource_of(typed)["valueQuantity"]["value"]) == "12.50"
    assert typed.model_dump()["valueQuantity"]["value"] == 12.5  # why it is not used


@pytest.mark.parametrize(
    ("find", "members"),
    [
        (r4b_class, {"resourceType": "Patient", "birthDate": "2005-03"}),
        (r4b_class, {"resourceType": "Patient", "birthDate": "2005"}),
        (
            r4b_class,
            {"resourceType": "Patient", "_birthDate": {"extension": [{"url": "http://e", "valueCode": "x"}]}},
        ),
        (
            r4b_class,
            {"resourceType": "Patient", "name": [{"given": ["A", "B"], "_given": [None, {"id": "b"}]}]},
        ),
        (r4b_class, {"resourceType": "Patient", "active": False, "multipleBirthInteger": 0}),
        (r5_class, {"resourceType": "Patient", "deceasedDateTime": "2024-03-05T10:30:00+07:00"}),
        (r5_class, {"resourceType": "Patient", "photo": [{"data": "aGVsbG8=", "contentType": "text/plain"}]}),
        (r5_class, {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "name": "x"}]}),
    ],
)
def test_primitives_come_out_as_they_went_in(find: Any, members: dict[str, Any]) -> None:
    assert resource_of(find(members["resourceType"]).model_validate(members)) == members


def test_objects_that_others_made_are_read() -> None:
    patient = r5_class("Patient")(id="p", gender="female")
    condition = r5_class("Condition").model_validate(
        {
            "resourceType": "Condition",
            "id": "c",
            "clinicalStatus": {"text": "active"},
            "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "403268000"}]},
        }
    )
    case, _ = from_models([patient, condition])
    name = case.diagnoses[0].name
    assert name is not None
    assert name.value is not None
    assert name.value.concept == "segmental"
    assert [found.id for found, _ in cases_from_models([patient, condition])] == ["p"]


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(fv.InputError, match=r"fhir\.resources has no 'Nix' in R4B"):
        to_models({"resourceType": "Nix"}, "r4b")
    with pytest.raises(fv.InputError, match=r"Patient\.gendr: Extra inputs are not permitted"):
        to_models({"resourceType": "Patient", "gendr": "male"}, "r5")
    with pytest.raises(fv.InputError, match="expected a FHIR resource: an object with a resourceType"):
        to_models({"gender": "male"})
    with pytest.raises(fv.InputError, match=r"expected an object of fhir\.resources, found dict"):
        from_models([{"resourceType": "Patient"}])
    with pytest.raises(fv.InputError, match="objects of R4B and of R5 in one call"):
        from_models([r4b_class("Patient")(id="a"), r5_class("Patient")(id="b")])
