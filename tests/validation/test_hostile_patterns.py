"""Regular expressions of profiles, questionnaires and value sets that would run for years end in good time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.bounded_patterns import SECONDS_TOGETHER
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator

CORE = "http://hl7.org/fhir/StructureDefinition/"
OWN = "http://hospital.test/fhir/"
EVIL = "((x+)+)+(x|xx)+"
TEXT = "x" * 60 + "!"


def profile(element: Json, base: str = "Patient") -> Json:
    return {
        "resourceType": "StructureDefinition",
        "url": f"{OWN}p",
        "name": "P",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": base,
        "baseDefinition": f"{CORE}{base}",
        "derivation": "constraint",
        "differential": {"element": [{"id": element["path"], **element}]},
    }


def found(resource: Json, packages: list[Json], profiles: list[str], rule: str) -> list[Issue]:
    started = time.process_time()
    issues = Validator(Release.R4, packages).validate(resource, profiles)
    assert time.process_time() - started < 10 * SECONDS_TOGETHER
    return [issue for issue in issues if issue.rule == rule]


def with_pattern(pattern: str) -> Json:
    return profile(
        {
            "path": "Patient.name.family",
            "extension": [{"url": f"{CORE}regex", "valueString": pattern}],
        }
    )


@pytest.mark.parametrize(
    ("pattern", "text", "sentence"),
    [
        (EVIL, TEXT, ""),
        ("[A-Z]+", "vitalis", "`family` is 'vitalis', which does not match `[A-Z]+`"),
        (r"\p{Lu}\p{L}+", "élodie", "`family` is 'élodie', which does not match"),
        (".+", "a\nb", "which does not match"),
        ("(", "Vitalis", "cannot be told: '(' is not a regular expression"),
        ("a*b" * 700, "Vitalis", "cannot be told: the pattern is longer than 2000 characters"),
    ],
)
def test_the_pattern_of_a_profile(pattern: str, text: str, sentence: str) -> None:
    patient = {"resourceType": "Patient", "name": [{"family": text}]}
    (issue,) = found(patient, [with_pattern(pattern)], [f"{OWN}p"], "regex")
    assert sentence in issue.text
    assert issue.expression == "Patient.name[0].family"


def test_what_matches_is_not_told() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Élodie"}]}
    assert not found(patient, [with_pattern(r"\p{Lu}\p{L}+")], [f"{OWN}p"], "regex")


def test_a_thousand_texts_take_no_longer_than_one() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": f"{TEXT}{number}"} for number in range(1000)]}
    constraint = {
        "key": "p-1",
        "severity": "error",
        "human": "x",
        "expression": f"matches('^{EVIL}$')",
    }
    one = profile({"path": "Patient.name.family", "constraint": [constraint]})
    told = found(patient, [one], [f"{OWN}p"], "invariant-limit") + found(patient, [one], [f"{OWN}p"], "p-1")
    assert len(told) == 1000


@pytest.mark.parametrize(
    ("pattern", "text", "severity", "sentence"),
    [
        (EVIL, TEXT, "warning", "cannot be told: the pattern '((x+)+)+(x|xx)+' takes too long on this text"),
        ("[A-Z]+", "abc", "error", "'abc' does not have the form '[A-Z]+' that the item asks for"),
        ("(", "abc", "warning", "cannot be told: '(' is not a regular expression"),
    ],
)
def test_the_pattern_of_a_question(pattern: str, text: str, severity: str, sentence: str) -> None:
    questionnaire: dict[str, Any] = {
        "resourceType": "Questionnaire",
        "url": f"{OWN}q",
        "status": "active",
        "item": [
            {
                "linkId": "1",
                "type": "string",
                "text": "x",
                "extension": [{"url": f"{CORE}regex", "valueString": pattern}],
            }
        ],
    }
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{OWN}q",
        "status": "completed",
        "item": [{"linkId": "1", "answer": [{"valueString": text}]}],
    }
    (issue,) = found(response, [questionnaire], [], "questionnaire-limit")
    assert issue.severity == severity
    assert sentence in issue.text
    assert issue.expression == "QuestionnaireResponse.item[0].answer[0].value.ofType(string)"


@pytest.mark.parametrize("pattern", [EVIL, "((x+))+"])
def test_the_pattern_of_a_filter(pattern: str) -> None:
    system = {
        "resourceType": "CodeSystem",
        "url": f"{OWN}cs",
        "status": "active",
        "content": "complete",
        "concept": [{"code": f"{TEXT}{number}"} for number in range(100)],
    }
    values = {
        "resourceType": "ValueSet",
        "url": f"{OWN}vs",
        "status": "active",
        "compose": {
            "include": [
                {"system": f"{OWN}cs", "filter": [{"property": "code", "op": "regex", "value": pattern}]}
            ]
        },
    }
    element = {
        "path": "Patient.maritalStatus",
        "binding": {"strength": "required", "valueSet": f"{OWN}vs"},
    }
    patient = {"resourceType": "Patient", "maritalStatus": {"coding": [{"system": f"{OWN}cs", "code": TEXT}]}}
    started = time.process_time()
    assert Validator(Release.R4, [system, values, profile(element)]).validate(patient, [f"{OWN}p"])
    assert time.process_time() - started < 10 * SECONDS_TOGETHER
