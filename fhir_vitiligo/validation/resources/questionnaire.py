"""A Questionnaire that says it complies with, or extends, another one (extension ``questionnaire-derivationType``).

https://hl7.org/fhir/extensions/StructureDefinition-questionnaire-derivationType.html: what answers the derived one has to answer
the other as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import numbered, objects
from fhir_vitiligo.validation.resources.questionnaire_enablement import value_of

_DERIVATION_TYPE = "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"
# What may stand for a type without taking answers that the other one would not.
_NARROWER = {
    "text": ("string", "text"),
    "string": ("string",),
    "dateTime": ("date", "dateTime"),
    "decimal": ("integer", "decimal"),
}


def check(questionnaire: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``Questionnaire``."""
    canonicals, beside = questionnaire.get("derivedFrom"), questionnaire.get("_derivedFrom")
    if not isinstance(canonicals, list) or not isinstance(beside, list):
        return
    for canonical, extras in zip(canonicals, beside, strict=False):
        how = _derivation(extras)
        if how not in ("compliesWith", "extends") or not isinstance(canonical, str):
            continue
        other = context.library.resolve(canonical, "Questionnaire")
        if other is None:
            text = f"Whether it {how} {canonical} cannot be told: nobody here knows that Questionnaire."
            yield Fault("questionnaire-derived", "not-found", text, severity="warning")
            continue
        yield from _items(questionnaire, other, how)


def _derivation(extras: object) -> str | None:
    for extension in objects(extras.get("extension")) if isinstance(extras, dict) else ():
        found = value_of(extension) if extension.get("url") == _DERIVATION_TYPE else None
        if found is not None:
            return str(found[1].get("code")) if isinstance(found[1], dict) else str(found[1])
    return None


def _items(mine: Json, other: Json, how: str) -> Iterator[Fault]:
    known = {item.get("linkId"): item for item in objects(other.get("item"))}
    for index, item in numbered(mine.get("item")):
        counterpart = known.get(item.get("linkId"))
        if counterpart is None and how == "extends":
            continue
        for fault in _added(item) if counterpart is None else _item(item, counterpart, how):
            fault.steps.append(f"item[{index}]")
            yield fault


def _added(item: Json) -> Iterator[Fault]:
    text = f"The item {shown(item.get('linkId'))} is not in the Questionnaire that this one complies with."
    yield Fault("questionnaire-derived", "business-rule", text)


def _item(item: Json, other: Json, how: str) -> Iterator[Fault]:
    kind, allowed = item.get("type"), other.get("type")
    if kind != allowed and kind not in _NARROWER.get(str(allowed), ()):
        yield _wider("type", f"the type is {shown(kind)}, and {shown(allowed)} there")
    if item.get("repeats") is True and other.get("repeats") is not True:
        yield _wider("repeats", "it repeats, and does not there")
    if other.get("required") is True and item.get("required") is not True:
        yield _wider("required", "it is not required, and is there")
    options = [value_of(one) for one in objects(other.get("answerOption"))]
    for index, option in numbered(item.get("answerOption")) if options else ():
        if value_of(option) not in options:
            text = "This answer is none of those that the other Questionnaire offers."
            yield Fault("questionnaire-derived", "business-rule", text, steps=[f"answerOption[{index}]"])
    yield from _items(item, other, how)


def _wider(name: str, text: str) -> Fault:
    return Fault(
        "questionnaire-derived",
        "business-rule",
        f"Not as in the Questionnaire it derives from: {text}.",
        steps=[name],
    )
