"""Questionnaires and what answers them: what is told, and that it is what HL7's engine (6.10.3) tells.

Where the two differ the case says why.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.validation import Validator
from fhir_vitiligo.validation.context import Options
from tests.validation.profiles import CORE, Held, Json, told

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
URL = "http://acme.test/Questionnaire/q"
GENDER = "http://hl7.org/fhir/administrative-gender"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
UCUM = "http://unitsofmeasure.org"


def asked(*items: Json, **more: Any) -> Json:
    return {
        "resourceType": "Questionnaire",
        "id": "q",
        "url": URL,
        "text": NARRATIVE,
        "status": "active",
        "item": list(items),
        **more,
    }


def question(link: str, kind: str, **said: Any) -> Json:
    return {"linkId": link, "text": link, "type": kind, **said}


def answered(*items: Json, **more: Any) -> Json:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "r",
        "text": NARRATIVE,
        "questionnaire": URL,
        "status": "completed",
        **({"item": list(items)} if items else {}),
        **more,
    }


def answer(link: str, *values: Json, **more: Any) -> Json:
    return {"linkId": link, **({"answer": list(values)} if values else {}), **more}


def said(url: str, **value: Any) -> Json:
    return {"url": url if ":" in url else CORE + url, **value}


def coding(code: str, system: str = "http://acme.test/cs") -> Json:
    return {"valueCoding": {"system": system, "code": code}}


def issues(questionnaire: Json, response: Json, release: Release = Release.R4) -> list[Issue]:
    found = Validator(release, Held(questionnaire), Options()).validate(response)
    return [issue for issue in found if issue.severity in ("error", "fatal")]


ANSWER = "QuestionnaireResponse.item[0].answer[0]"
ONE = question("1", "string")
TRUE = {"valueBoolean": True}
X = {"valueString": "x"}
OPTIONS = [coding("a"), coding("b")]
CM = {"unit": "cm", "system": UCUM, "code": "cm"}
WHEN_YES = [{"question": "1", "operator": "=", "answerBoolean": True}]
CONTAINED = {
    "resourceType": "ValueSet",
    "id": "vs",
    "status": "active",
    "compose": {"include": [{"system": GENDER, "concept": [{"code": "male"}]}]},
}

# name: questionnaire, response, (rule, place) of each error
CASES: dict[str, tuple[Json, Json, list[tuple[str, str]]]] = {
    "right": (asked(ONE), answered(answer("1", X)), []),
    # The order, the number and the place of items are told where the items are.
    "twice": (
        asked(ONE),
        answered(answer("1", X), answer("1", X)),
        [("questionnaire-repeats", "QuestionnaireResponse")],
    ),
    "too-late": (
        asked(ONE, question("2", "string")),
        answered(answer("2", X), answer("1", X)),
        [("questionnaire-order", "QuestionnaireResponse")],
    ),
    "elsewhere": (
        asked(question("g", "group", item=[ONE])),
        answered(answer("1", X)),
        [("questionnaire-link", "QuestionnaireResponse")],
    ),
    "beside-no-answer": (
        asked(question("1", "string", item=[question("2", "string")])),
        answered(answer("1", item=[answer("2", X)])),
        [("questionnaire-answer", "QuestionnaireResponse.item[0]")],
    ),
    "another-text": (
        asked(ONE),
        answered(answer("1", X, text="What?")),
        [("questionnaire-text", "QuestionnaireResponse.item[0]")],
    ),
    "entered-in-error": (
        asked(question("1", "string", required=True)),
        answered(status="entered-in-error"),
        [],
    ),
    # As the extension reads; the engine counts one too few and one too many.
    "at-least": (
        asked(
            question(
                "1",
                "string",
                required=True,
                repeats=True,
                extension=[said("questionnaire-minOccurs", valueInteger=2)],
            )
        ),
        answered(answer("1", X)),
        [("questionnaire-repeats", "QuestionnaireResponse.item[0]")],
    ),
    "at-most": (
        asked(
            question("1", "string", repeats=True, extension=[said("questionnaire-maxOccurs", valueInteger=1)])
        ),
        answered(answer("1", X, X)),
        [("questionnaire-repeats", "QuestionnaireResponse.item[0]")],
    ),
    # Options
    "no-reference-among-codings": (
        asked(question("1", "choice")),
        answered(answer("1", {"valueReference": {"reference": "Patient/1"}})),
        [("questionnaire-answer", f"{ANSWER}.value.ofType(Reference)")],
    ),
    "text-for-a-coding": (
        asked(question("1", "choice", answerOption=OPTIONS)),
        answered(answer("1", X)),
        [("questionnaire-option", ANSWER)],
    ),
    "text-where-it-may-be": (
        asked(question("1", "open-choice", answerOption=OPTIONS)),
        answered(answer("1", X)),
        [],
    ),
    "number-for-a-coding": (
        asked(question("1", "open-choice", answerOption=OPTIONS)),
        answered(answer("1", {"valueInteger": 1})),
        [("questionnaire-option", ANSWER)],
    ),
    "none-of-the-dates": (
        asked(question("1", "date", answerOption=[{"valueDate": "2020-01-01"}])),
        answered(answer("1", {"valueDate": "2020-01-02"})),
        [("questionnaire-option", f"{ANSWER}.value.ofType(date)")],
    ),
    "no-system": (
        asked(question("1", "choice", answerValueSet="http://hl7.org/fhir/ValueSet/administrative-gender")),
        answered(answer("1", {"valueCoding": {"code": "male"}})),
        [("questionnaire-option", ANSWER)],
    ),
    "only-a-display": (
        asked(
            question("1", "open-choice", answerValueSet="http://hl7.org/fhir/ValueSet/administrative-gender")
        ),
        answered(answer("1", {"valueCoding": {"display": "Male"}})),
        [("questionnaire-option", ANSWER)],
    ),
    "contained-value-set": (
        asked(question("1", "choice", answerValueSet="#vs"), contained=[CONTAINED]),
        answered(answer("1", coding("female", GENDER))),
        [("questionnaire-option", ANSWER)],
    ),
    "of-a-contained-value-set": (
        asked(question("1", "choice", answerValueSet="#vs"), contained=[CONTAINED]),
        answered(answer("1", coding("male", GENDER))),
        [],
    ),
    "unknown-value-set": (
        asked(question("1", "choice", answerValueSet="http://acme.test/vs")),
        answered(answer("1", coding("nix", "http://acme.test/cs"))),
        [],
    ),
    "all-contained-in-the-response": (
        asked(),
        answered(
            answer("1", coding("female", GENDER)),
            questionnaire="#f",
            contained=[
                CONTAINED,
                {
                    "resourceType": "Questionnaire",
                    "id": "f",
                    "status": "active",
                    "item": [question("1", "choice", answerValueSet="#vs")],
                },
            ],
        ),
        [("questionnaire-option", ANSWER)],
    ),
    # Limits: of quantities, only those of Structured Data Capture.
    "limit-of-another-type": (
        asked(
            question("1", "quantity", extension=[said("minValue", valueQuantity={"value": Decimal(3), **CM})])
        ),
        answered(answer("1", {"valueQuantity": {"value": Decimal(1), **CM}})),
        [],
    ),
    "least-quantity": (
        asked(
            question(
                "1",
                "quantity",
                extension=[said(f"{SDC}minQuantity", valueQuantity={"value": Decimal(3), **CM})],
            )
        ),
        answered(answer("1", {"valueQuantity": {"value": Decimal(1), **CM}})),
        [("questionnaire-limit", f"{ANSWER}.value.ofType(Quantity)")],
    ),
    "media-type": (
        asked(question("1", "attachment", extension=[said("mimeType", valueCode="image/png")])),
        answered(answer("1", {"valueAttachment": {"contentType": "image/jpeg", "url": "http://a.test/x"}})),
        [("questionnaire-limit", ANSWER)],
    ),
    "media-type-with-parameter": (
        asked(question("1", "attachment", extension=[said("mimeType", valueCode="text/plain")])),
        answered(
            answer(
                "1", {"valueAttachment": {"contentType": "text/plain; charset=utf-8", "url": "http://a.test"}}
            )
        ),
        [],
    ),
    # What enables an item
    "displayed-though-disabled": (
        asked(question("1", "boolean"), question("2", "display", enableWhen=WHEN_YES)),
        answered(answer("1", {"valueBoolean": False}), answer("2", text="2")),
        [],
    ),
    "disabled-by-expression": (
        asked(
            ONE,
            question(
                "2",
                "string",
                extension=[
                    said(
                        f"{SDC}enableWhenExpression",
                        valueExpression={
                            "language": "text/fhirpath",
                            "expression": "item.where(linkId='1').answer.value = 'y'",
                        },
                    )
                ],
            ),
        ),
        answered(answer("1", X), answer("2", X)),
        [("questionnaire-enabled", "QuestionnaireResponse.item[1]")],
    ),
    "enabled-by-expression": (
        asked(
            ONE,
            question(
                "2",
                "string",
                required=True,
                extension=[
                    said(
                        f"{SDC}enableWhenExpression",
                        valueExpression={
                            "language": "text/fhirpath",
                            "expression": "item.where(linkId='1').answer.value = 'x'",
                        },
                    )
                ],
            ),
        ),
        answered(answer("1", X)),
        [("questionnaire-required", "QuestionnaireResponse")],
    ),
    # 6 of nobody knows what is not more than 5 cm, nor less: nothing is held against either answer.
    "cannot-be-compared": (
        asked(
            question("1", "quantity"),
            question(
                "2",
                "string",
                required=True,
                enableWhen=[
                    {"question": "1", "operator": ">", "answerQuantity": {"value": Decimal(5), **CM}}
                ],
            ),
        ),
        answered(answer("1", {"valueQuantity": {"value": Decimal(6)}})),
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_response(name: str) -> None:
    questionnaire, response, expected = CASES[name]
    found = issues(questionnaire, response)
    assert [(issue.rule, issue.expression) for issue in found] == expected, found


def test_a_text_may_stand_beside_options_where_they_are_open() -> None:
    """R5 says with answerConstraint what R4 said with open-choice."""
    for constraint, expected in (
        ("optionsOnly", ["questionnaire-option"]),
        ("optionsOrType", ["questionnaire-option"]),
        ("optionsOrString", []),
    ):
        item = question("1", "coding", answerConstraint=constraint, answerOption=OPTIONS)
        found = issues(asked(item), answered(answer("1", X)), Release.R5)
        assert [issue.rule for issue in found] == expected, constraint


def test_what_is_no_coding_is_doubtful_as_the_answer_to_one() -> None:
    found = Validator(Release.R5, Held(asked(question("1", "coding"))), Options()).validate(
        answered(answer("1", {"valueInteger": 1}))
    )
    assert [(issue.rule, issue.severity) for issue in found] == [("questionnaire-answer", "warning")]


QUESTIONNAIRES: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    "right": (asked(question("1", "boolean"), question("2", "string", enableWhen=WHEN_YES)), []),
    "nobody-asks": (
        asked(question("2", "string", enableWhen=WHEN_YES)),
        [("questionnaire-condition", "Questionnaire.item[0]")],
    ),
    "itself": (
        asked(question("1", "boolean", enableWhen=WHEN_YES)),
        [("questionnaire-condition", "Questionnaire.item[0]")],
    ),
    "inside": (
        asked(question("g", "group", item=[question("1", "boolean")], enableWhen=WHEN_YES)),
        [("questionnaire-condition", "Questionnaire.item[0]")],
    ),
    "around": (
        asked(question("1", "boolean", item=[question("2", "string", enableWhen=WHEN_YES)])),
        [],
    ),
}


@pytest.mark.parametrize("name", QUESTIONNAIRES)
def test_what_enables_an_item(name: str) -> None:
    resource, expected = QUESTIONNAIRES[name]
    assert told(resource) == expected


@pytest.mark.parametrize(
    ("kind", "operator", "wanted", "given", "holds"),
    [
        ("Date", "=", "2020", "2020-01-01", True),
        ("Date", "!=", "2020", "2020-01-01", False),
        ("Date", ">", "2020-01-01", "2021", True),
        ("DateTime", "=", "2020-01-01T10:00:00Z", "2020-01-01T11:00:00+01:00", True),
        ("DateTime", ">", "2020-01-01T10:30:00Z", "2020-01-01T11:00:00+01:00", False),
        ("DateTime", "<", "2020-01-01T10:30:00Z", "2020-01-01T11:00:00+01:00", True),
        ("Time", ">=", "10:00:00", "10:00:00", True),
        ("Boolean", ">=", False, True, True),
        ("Boolean", ">", True, True, False),
        ("Decimal", "<", 1.5, 1.25, True),
    ],
)
def test_what_an_answer_is_compared_with(
    kind: str, operator: str, wanted: Any, given: Any, holds: bool
) -> None:
    condition = {"question": "1", "operator": operator, f"answer{kind}": wanted}
    form = asked(question("1", kind[0].lower() + kind[1:]), question("2", "string", enableWhen=[condition]))
    response = answered(answer("1", {f"value{kind}": given}), answer("2", X))
    expected = [] if holds else [("questionnaire-enabled", "QuestionnaireResponse.item[1]")]
    # As any JSON library reads it: with floats.
    found = Validator(Release.R4, [form]).validate(response)
    assert [(one.rule, one.expression) for one in found if one.severity == "error"] == expected


DERIVED = said(
    "questionnaire-derivationType",
    valueCoding={"system": "http://hl7.org/fhir/questionnaire-derivationType", "code": "compliesWith"},
)
BASE = asked(
    question("1", "string", maxLength=5),
    question("2", "choice", answerOption=OPTIONS),
)
COMPLIANCE: dict[str, tuple[list[Json], list[tuple[str, str]]]] = {
    "the-same": (
        [question("1", "string", maxLength=5), question("2", "choice", answerOption=OPTIONS)],
        [],
    ),
    "longer": (
        [question("1", "string", maxLength=6)],
        [("questionnaire-derived", "Questionnaire.item[0].maxLength")],
    ),
    "any-length": ([question("1", "string")], [("questionnaire-derived", "Questionnaire.item[0]")]),
    "another-type": (
        [question("1", "text", maxLength=5)],
        [("questionnaire-derived", "Questionnaire.item[0].type")],
    ),
    "no-options": ([question("2", "choice")], [("questionnaire-derived", "Questionnaire.item[0]")]),
    "a-value-set": (
        [question("2", "choice", answerValueSet="http://hl7.org/fhir/ValueSet/administrative-gender")],
        [("questionnaire-derived", "Questionnaire.item[0]")],
    ),
    "in-a-group": (
        [question("g", "group", item=[question("1", "string", maxLength=5)])],
        [("questionnaire-derived", "Questionnaire.item[0]")],
    ),
}


@pytest.mark.parametrize("name", COMPLIANCE)
def test_a_questionnaire_that_complies_with_another(name: str) -> None:
    items, expected = COMPLIANCE[name]
    derived = asked(*items, url=f"{URL}2", derivedFrom=[URL], _derivedFrom=[{"extension": [DERIVED]}])
    found = Validator("r4", Held(BASE), Options()).validate(derived)
    assert [
        (issue.rule, issue.expression) for issue in found if issue.rule == "questionnaire-derived"
    ] == expected
