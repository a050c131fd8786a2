"""A QuestionnaireResponse against its Questionnaire (https://hl7.org/fhir/R4/questionnaireresponse.html#notes).

Items are told by ``linkId``. What an answer may be is in :mod:`.questionnaire_answers`, when an item is asked at all in
:mod:`.questionnaire_enablement`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects
from fhir_vitiligo.validation.resources.questionnaire_answers import (
    answer_faults,
    exclusive_faults,
    occurrence_faults,
)
from fhir_vitiligo.validation.resources.questionnaire_enablement import Scope, is_enabled

# Any other response (being filled in, stopped, entered in error) may lack what is required.
_FINISHED = frozenset(("completed", "amended"))


def check(response: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``QuestionnaireResponse``."""
    canonical = response.get("questionnaire")
    if not isinstance(canonical, str):
        text = "The response does not say which Questionnaire it answers, so its items were not checked."
        yield Fault("questionnaire", "required", text, severity="information")
        return
    questionnaire = _questionnaire(canonical, context)
    if questionnaire is None and (other := context.library.resolve(canonical)) is not None:
        text = f"{shown(canonical)} is a {other.get('resourceType')}, not a Questionnaire."
        yield Fault("questionnaire", "invalid", text, steps=["questionnaire"])
        return
    if questionnaire is None:
        text = f"The Questionnaire {shown(canonical)} is not known here, so the items were not checked: load its package."
        yield Fault("questionnaire", "required", text, severity="warning", steps=["questionnaire"])
        return
    walk = _Walk(questionnaire, context, unfinished=response.get("status") not in _FINISHED)
    yield from walk.items(
        objects(questionnaire.get("item")), numbered(response.get("item")), Scope(response, None)
    )


def _questionnaire(canonical: str, context: Context) -> Json | None:
    if canonical.startswith("#"):
        return context.resolve(canonical)
    return context.library.resolve(canonical, "Questionnaire")


@dataclass(slots=True)
class _Walk:
    questionnaire: Json
    context: Context
    unfinished: bool

    def items(self, asked: list[Json], answered: list[tuple[int, Json]], scope: Scope) -> Iterator[Fault]:
        """The items below a questionnaire's item (or the questionnaire itself) and those that answer them."""
        order = {
            item["linkId"]: index for index, item in enumerate(asked) if isinstance(item.get("linkId"), str)
        }
        by_link: dict[str, list[tuple[int, Json]]] = {}
        reached = 0
        for index, item in answered:
            link = item.get("linkId")
            if not isinstance(link, str):
                continue
            if link not in order:
                yield self._unexpected(link)
                continue
            if order[link] < reached:
                text = (
                    f"The item {shown(link)} comes too late: items stand in the order of the Questionnaire."
                )
                yield Fault("questionnaire-order", "invariant", text)
            reached = max(reached, order[link])
            by_link.setdefault(link, []).append((index, item))
        for question in asked:
            link = question.get("linkId")
            if isinstance(link, str):
                yield from self._item(question, link, by_link.get(link, []), scope)

    def _unexpected(self, link: str) -> Fault:
        known = link in _links(self.questionnaire)
        if known:
            text = f"The item {shown(link)} stands in the wrong place: the Questionnaire has it elsewhere."
            return Fault("questionnaire-link", "invariant", text)
        return Fault(
            "questionnaire-link", "invariant", f"The Questionnaire has no item with the linkId {shown(link)}."
        )

    def _item(
        self, question: Json, link: str, found: list[tuple[int, Json]], scope: Scope
    ) -> Iterator[Fault]:
        enabled = is_enabled(question, scope, self.context)
        if not found:
            if enabled and question.get("required") is True:
                yield self._missing(f"The item {shown(link)} is required and missing.")
            return
        for index, item in found if enabled is False else ():
            if "answer" in item or "item" in item:
                text = (
                    f"The item {shown(link)} is answered although the Questionnaire does not enable it here."
                )
                yield Fault("questionnaire-enabled", "invariant", text, steps=[f"item[{index}]"])
        if len(found) > 1 and question.get("repeats") is not True:
            what = "group" if question.get("type") == "group" else "item"
            text = f"The {what} {shown(link)} does not repeat, and is here {len(found)} times."
            yield Fault("questionnaire-repeats", "invariant", text)
        for index, item in found:
            for fault in self._one(question, link, item, Scope(item, scope), enabled is not False):
                fault.steps.append(f"item[{index}]")
                yield fault

    def _one(self, question: Json, link: str, item: Json, scope: Scope, enabled: bool) -> Iterator[Fault]:
        inner, answers = objects(question.get("item")), numbered(item.get("answer"))
        asked = question.get("text")
        if "text" in item and item["text"] != asked:
            text = f"The text of the item {shown(link)} is {shown(item['text'])}; the Questionnaire asks {shown(asked)}."
            yield Fault("questionnaire-text", "invariant", text)
        match question.get("type"):
            case "group":
                yield from self._group(question, link, item, answers, enabled)
                yield from self.items(inner, numbered(item.get("item")), scope)
            case "display":
                if "answer" in item or "item" in item:
                    yield Fault(
                        "questionnaire-answer",
                        "invariant",
                        f"The item {shown(link)} only displays: it takes no answer.",
                    )
            case "question":
                text = f"The Questionnaire's item {shown(link)} is of the abstract type `question`: nothing can answer it."
                yield Fault("questionnaire-answer", "invariant", text)
            case _:
                yield from self._question(question, link, item, answers, scope, enabled)

    def _group(
        self, question: Json, link: str, item: Json, answers: list[tuple[int, Json]], enabled: bool
    ) -> Iterator[Fault]:
        if answers:
            text = (
                f"The item {shown(link)} is a group: its items stand in `item`, it has no answer of its own."
            )
            yield Fault("questionnaire-answer", "invariant", text)
        if enabled and question.get("required") is True and not objects(item.get("item")) and not answers:
            yield self._missing(f"The group {shown(link)} is required and has no item.")

    def _question(
        self,
        question: Json,
        link: str,
        item: Json,
        answers: list[tuple[int, Json]],
        scope: Scope,
        enabled: bool,
    ) -> Iterator[Fault]:
        if not answers and enabled and question.get("required") is True:
            yield self._missing(f"The item {shown(link)} is required and has no answer.")
        if len(answers) > 1 and question.get("repeats") is not True:
            text = f"The item {shown(link)} takes one answer, and has {len(answers)}."
            yield Fault("questionnaire-repeats", "invariant", text)
        for text in occurrence_faults(question, len(answers)):
            yield Fault("questionnaire-repeats", "invariant", text)
        inner = objects(question.get("item"))
        for index, answer in answers:
            step = f"answer[{index}]"
            for fault in answer_faults(question, answer, self.questionnaire, self.context):
                fault.steps.append(step)
                yield fault
            for fault in self.items(inner, numbered(answer.get("item")), scope.of(answer)):
                # What belongs below an answer and is not there is told at the question, as HL7's engine does.
                if fault.steps:
                    fault.steps.append(step)
                yield fault
        for index, text in exclusive_faults(question, answers):
            yield Fault("questionnaire-exclusive", "invariant", text, steps=[f"answer[{index}]"])
        if "item" in item:
            text = f"What is asked below the question {shown(link)} stands in its answer's `item`, not beside the answer."
            yield Fault("questionnaire-answer", "invariant", text)

    def _missing(self, text: str) -> Fault:
        severity = "warning" if self.unfinished else "error"
        return Fault("questionnaire-required", "invariant", text, severity=severity)  # type: ignore[arg-type]


def _links(node: Json) -> set[str]:
    found: set[str] = set()
    todo = objects(node.get("item"))
    while todo:
        item = todo.pop()
        if isinstance(item.get("linkId"), str):
            found.add(item["linkId"])
        todo += objects(item.get("item"))
    return found
