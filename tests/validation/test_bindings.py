"""Bindings of a profile beyond the plain strengths: maximum value sets, additional bindings
(https://hl7.org/fhir/R5/elementdefinition.html#ElementDefinition.binding.additional).
"""

from __future__ import annotations

from typing import Any

import pytest

from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation.validator import Validator
from tests.validation.profiles import CORE, Held, element, errors, profile

Json = dict[str, Any]

_VALUE_SET = "http://hl7.org/fhir/ValueSet/"
_SYSTEM = "http://terminology.hl7.org/CodeSystem/"
_MAIN, _OTHER = f"{_VALUE_SET}condition-clinical", f"{_VALUE_SET}condition-ver-status"
_TOOLS = "http://hl7.org/fhir/tools/StructureDefinition/additional-binding"
CODES: dict[str, Json] = {
    "of both": {
        "coding": [
            {"system": f"{_SYSTEM}condition-clinical", "code": "active"},
            {"system": f"{_SYSTEM}condition-ver-status", "code": "confirmed"},
        ]
    },
    "of the binding": {"coding": [{"system": f"{_SYSTEM}condition-clinical", "code": "active"}]},
    "of the other": {"coding": [{"system": f"{_SYSTEM}condition-ver-status", "code": "confirmed"}]},
    "of neither": {"coding": [{"system": f"{_SYSTEM}observation-category", "code": "exam"}]},
    "text": {"text": "vitiligo"},
}


def most(strength: str) -> Json:
    url = CORE + "elementdefinition-maxValueSet"
    return {
        "strength": strength,
        "valueSet": _MAIN,
        "extension": [{"url": url, "valueCanonical": _OTHER}],
    }


def more(purpose: str, **parts: Any) -> Json:
    additional = [{"purpose": purpose, "valueSet": _OTHER, **parts}]
    return {"strength": "preferred", "valueSet": _MAIN, "additional": additional}


def more_in_r4(purpose: str) -> Json:
    parts = [{"url": "purpose", "valueCode": purpose}, {"url": "valueSet", "valueCanonical": _OTHER}]
    return {"strength": "preferred", "valueSet": _MAIN, "extension": [{"url": _TOOLS, "extension": parts}]}


REQUIRED = {name: ["error"] for name in ("of the binding", "of neither", "text")}
# Which severities are told of each code; what HL7's engine 6.10.3 says, but for the warnings of a maximum that is
# only preferred.
BOUND: dict[str, tuple[Release, Json, dict[str, list[str]]]] = {
    "extensible with a maximum": (
        Release.R4,
        most("extensible"),
        # The text alone would do for the extensible binding, not for its maximum.
        {"of the other": ["warning"], "of neither": ["error", "warning"], "text": ["error"]},
    ),
    "preferred with a maximum": (Release.R4, most("preferred"), {"of neither": ["warning"]}),
    "example with a maximum": (Release.R4, most("example"), {}),
    "required besides": (Release.R5, more("required"), REQUIRED),
    "maximum besides": (Release.R5, more("maximum"), REQUIRED),
    "extensible besides": (
        Release.R5,
        more("extensible"),
        {"of the binding": ["warning"], "of neither": ["warning"]},
    ),
    "candidate": (Release.R5, more("candidate"), {}),
    "for a context of use": (Release.R5, more("required", usage=[{"code": {"code": "age"}}]), {}),
    "required besides, in R4": (Release.R4, more_in_r4("required"), REQUIRED),
    "starter, in R4": (Release.R4, more_in_r4("starter"), {}),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", BOUND)
def test_a_code_is_held_against_each_value_set(name: str, code: str) -> None:
    release, binding, expected = BOUND[name]
    asked = profile("bound", "Condition", element("code", binding=binding))
    condition = {"resourceType": "Condition", "subject": {"display": "he"}, "code": CODES[code]}
    if release is Release.R5:
        condition["clinicalStatus"] = {
            "coding": [{"system": f"{_SYSTEM}condition-clinical", "code": "active"}]
        }
    issues = Validator(release, Held(asked)).validate(condition, [asked["url"]])
    found = sorted(str(one.severity) for one in issues if one.rule == "binding")
    assert found == expected.get(code, [])


def test_a_profile_tells_of_its_additional_bindings() -> None:
    asked = profile("bound", "Condition", element("code", binding=more("required")))
    assert f"also bound to {_OTHER} (required)" in Validator(Release.R5, Held(asked)).explain(asked["url"])


def test_a_code_system_is_no_value_set() -> None:
    system = f"{_SYSTEM}condition-clinical"
    asked = profile(
        "bound", "Condition", element("code", binding={"strength": "required", "valueSet": system})
    )
    condition = {"resourceType": "Condition", "subject": {"display": "he"}, "code": CODES["of the binding"]}
    told = {issue.expression: issue.text for issue in errors(condition, asked)}
    assert told == {
        "Condition.code": f"`code` is bound to {system}, which is a code system, where a value set belongs "
        f"(profile {asked['url']})."
    }
    (fault,) = (one for one in errors(asked) if "code system" in one.text)
    assert fault.expression == "StructureDefinition.differential.element[0].binding"
