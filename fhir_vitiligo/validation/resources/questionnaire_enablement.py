"""Whether an item of a Questionnaire is asked (https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeGuard

from fhir_vitiligo.fhir import units
from fhir_vitiligo.fhir.fhirpath import temporal
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.expressions import test
from fhir_vitiligo.validation.resources.nodes import objects

# Conditions in FHIRPath, evaluated on the response: that of Structured Data Capture, and one of Finland's national service.
_BY_EXPRESSION = ("enableWhenExpression", "enablewhen")
_FHIRPATH = "text/fhirpath"
_TEMPORAL: dict[str, temporal.Kind] = {"Date": "Date", "DateTime": "DateTime", "Time": "Time"}


@dataclass(slots=True)
class Scope:
    """An item of a response, or an answer with items, and what it stands in: questions are looked for from the inside out."""

    node: Json
    outer: Scope | None

    def of(self, answer: Json) -> Scope:
        """What is inside an answer."""
        return Scope(answer, self)

    def answers(self, link: str) -> list[Json]:
        """The answers to a question, in the nearest place that has the question at all."""
        scope: Scope | None = self
        while scope is not None:
            found = list(_items(scope.node, link))
            if found:
                return [answer for item in found for answer in objects(item.get("answer"))]
            scope = scope.outer
        return []


def _items(node: Json, link: str) -> Iterator[Json]:
    todo = objects(node.get("item")) + [
        inner for answer in objects(node.get("answer")) for inner in objects(answer.get("item"))
    ]
    while todo:
        item = todo.pop(0)
        if item.get("linkId") == link:
            yield item
        todo += objects(item.get("item"))
        todo += [inner for answer in objects(item.get("answer")) for inner in objects(answer.get("item"))]


def is_enabled(question: Json, scope: Scope, context: Context) -> bool | None:
    """Whether the question is asked here; None where that cannot be decided."""
    for extension in objects(question.get("extension")):
        url = extension.get("url")
        if isinstance(url, str) and url.endswith(_BY_EXPRESSION):
            return _by_expression(extension, context)
    conditions = objects(question.get("enableWhen"))
    if not conditions:
        return True
    verdicts = [_holds(condition, scope) for condition in conditions]
    if question.get("enableBehavior") == "all" or len(verdicts) == 1:
        return False if False in verdicts else None if None in verdicts else True
    return True if True in verdicts else None if None in verdicts else False


def _by_expression(extension: Json, context: Context) -> bool | None:
    found = value_of(extension)
    told = found[1] if found is not None else None
    if isinstance(told, dict):
        told = told.get("expression") if told.get("language") == _FHIRPATH else None
    if not isinstance(told, str):
        return None
    return test(told, context.resource, "QuestionnaireResponse", context)


def _holds(condition: Json, scope: Scope) -> bool | None:
    answers = scope.answers(str(condition.get("question")))
    values = [value for answer in answers if (value := value_of(answer)) is not None]
    expected = value_of(condition, "answer")
    operator = condition.get("operator", "exists")
    if operator == "exists" or expected is None:
        wanted = condition.get("answerBoolean", True)
        return bool(values) is (wanted is not False)
    if operator == "!=":
        return bool(values) and not any(_equal(value, expected) for value in values)
    verdicts = [_compares(value, expected, operator) for value in values]
    return True if True in verdicts else None if None in verdicts else False


def value_of(node: Json, name: str = "value") -> tuple[str, Any] | None:
    """The choice of an answer or condition: (``Coding``, its value); None where there is none."""
    for key, value in node.items():
        if key.startswith(name) and key[len(name) :][:1].isupper():
            return key[len(name) :], value
    return None


def _equal(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    (_, value), (_, wanted) = one, other
    if isinstance(value, dict) and isinstance(wanted, dict):
        if "value" in wanted:
            return _ordered(one, other) == 0
        told = [key for key in ("system", "code", "reference") if key in wanted]
        return bool(told) and all(value.get(key) == wanted[key] for key in told)
    return _ordered(one, other) == 0 if one[0] in _TEMPORAL else bool(value == wanted)


def _compares(one: tuple[str, Any], other: tuple[str, Any], operator: str) -> bool | None:
    if operator == "=":
        return _equal(one, other)
    order = _ordered(one, other)
    if order is None:
        return None  # 5 cm and 6 of nobody knows what
    return {">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}.get(operator, False)


def _ordered(one: tuple[str, Any], other: tuple[str, Any]) -> int | None:
    (kind, value), (_, wanted) = one, other
    if isinstance(value, dict) and isinstance(wanted, dict):
        return compare_quantities(value, wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        if kind in _TEMPORAL:
            left, right = (temporal.parse(text, _TEMPORAL[kind]) for text in (value, wanted))
            # Compared as far as both state them.
            return None if left is None or right is None else temporal.compare(left, right) or 0
        return (value > wanted) - (value < wanted)
    if (isinstance(value, bool) and isinstance(wanted, bool)) or (_is_number(value) and _is_number(wanted)):
        return (value > wanted) - (value < wanted)
    return None


def compare_quantities(one: Json, other: Json) -> int | None:
    """-1, 0 or 1; None where the two do not measure the same thing."""
    first, second = one.get("value"), other.get("value")
    if not _is_number(first) or not _is_number(second):
        return None
    codes = [quantity.get("code", quantity.get("unit", "")) for quantity in (one, other)]
    if codes[0] == codes[1]:
        return (first > second) - (first < second)
    return units.compare(Decimal(first), str(codes[0]), Decimal(second), str(codes[1]))


def _is_number(value: Any) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
