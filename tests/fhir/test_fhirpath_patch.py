"""FHIRPath Patch where JSON keeps an element in two members (https://hl7.org/fhir/R4/json.html#primitive), and choices."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.fhirpath_patch import fhirpath_patch
from fhir_vitiligo.fhir.release import Release

OF_B: dict[str, Any] = {"extension": [{"url": "urn:x", "valueString": "of B"}]}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"given": ["A", "B", "C"], "_given": [None, OF_B, None]}],
    "birthDate": "1980",
    "_birthDate": {"id": "of the date"},
    "deceasedBoolean": True,
    "_deceasedBoolean": {"id": "of the boolean"},
}


def patched(kind: str, path: str, **parts: Any) -> Any:
    part = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    part += [{"name": name, **value} for name, value in parts.items()]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part}]}
    return fhirpath_patch(PATIENT, patch, Release.R4)


def number(value: int) -> dict[str, int]:
    return {"valueInteger": value}


@pytest.mark.parametrize(
    ("change", "given", "beside"),
    [
        (("insert", {"index": number(0)}), ["x", "A", "B", "C"], [None, None, OF_B, None]),
        (("insert", {"index": number(3)}), ["A", "B", "C", "x"], [None, OF_B, None, None]),
        (("move", {"source": number(1), "destination": number(0)}), ["B", "A", "C"], [OF_B, None, None]),
        (("move", {"source": number(0), "destination": number(2)}), ["B", "C", "A"], [OF_B, None, None]),
    ],
)
def test_what_stands_beside_a_value_goes_with_it(change: Any, given: list[str], beside: list[Any]) -> None:
    kind, places = change
    value = {} if kind == "move" else {"value": {"valueString": "x"}}
    (name,) = patched(kind, "Patient.name[0].given", **places, **value)["name"]
    assert (name["given"], name["_given"]) == (given, beside)


def test_a_value_that_is_added_has_nothing_beside_it() -> None:
    (name,) = patched("add", "Patient.name[0]", name={"valueString": "given"}, value={"valueString": "x"})[
        "name"
    ]
    assert (name["given"], name["_given"]) == (["A", "B", "C", "x"], [None, OF_B, None, None])


def test_a_value_that_is_removed_takes_its_own_with_it() -> None:
    (name,) = patched("delete", "Patient.name[0].given[0]")["name"]
    assert name == {"given": ["B", "C"], "_given": [OF_B, None]}
    (name,) = patched("delete", "Patient.name[0].given[1]")["name"]
    assert name == {"given": ["A", "C"]}


def test_a_value_that_is_replaced_takes_its_own_with_it() -> None:
    (name,) = patched("replace", "Patient.name[0].given[1]", value={"valueString": "x"})["name"]
    assert name == {"given": ["A", "x", "C"]}
    changed = patched("replace", "Patient.birthDate", value={"valueDate": "1981"})
    assert (changed["birthDate"], "_birthDate" in changed) == ("1981", False)


def test_a_choice_takes_the_type_of_its_value() -> None:
    changed = patched("replace", "Patient.deceased", value={"valueDateTime": "2020"})
    assert changed["deceasedDateTime"] == "2020"
    assert {"deceasedBoolean", "_deceasedBoolean"}.isdisjoint(changed)


def test_a_list_of_objects_gets_nothing_beside_it() -> None:
    changed = patched("add", "Patient", name={"valueString": "name"}, value={"valueHumanName": {"text": "x"}})
    assert "_name" not in changed
    assert len(changed["name"]) == 2
