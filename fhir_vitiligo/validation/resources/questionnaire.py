"""A Questionnaire's own rules beside its invariants (https://hl7.org/fhir/R4/questionnaire.html): what enables an item is another
item, and one that says it complies with, or extends, another Questionnaire does so.

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

_DERIVATIONS = "http://hl7.org/fhir/questionnaire-derivationType"
_DERIVATION_TYPE = "http://hl7.org/fhir/StructureDefinition/questionnaire-derivationType"


def check(questionnaire: Json, context: Context) -> Iterator[Fault]:
    """The rules of the type ``Questionnaire``."""
    yield from _conditions(questionnaire, _by_link(questionnaire))
    yield from _derivations(questionnaire, context)


def _by_link(node: Json) -> dict[str, Json]:
    """Every item at and below a node by its linkId; the first where two have the same."""
    found: dict[str, Json] = {}
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(link := item.get("linkId"), str):
            found.setdefault(link, item)
        todo += reversed(objects(item.get("item")))
    return found


def _conditions(node: Json, known: dict[str, Json]) -> Iterator[Fault]:
    """The question of an ``enableWhen`` is an item of the Questionnaire, and neither this one nor one inside it."""
    for index, item in numbered(node.get("item")):
        inside = _by_link(item)
        faults = [
            Fault("questionnaire-condition", "business-rule", text)
            for condition in objects(item.get("enableWhen"))
            if isinstance(link := condition.get("question"), str)
            and (text := _condition(link, item, inside, known)) is not None
        ]
        for fault in (*faults, *_conditions(item, known)):
            fault.steps.append(f"item[{index}]")
            yield fault


def _condition(link: str, item: Json, inside: dict[str, Json], known: dict[str, Json]) -> str | None:
    own = shown(item.get("linkId"))
    if link not in known:
        return f"What enables the item {own} is an answer to {shown(link)}, and the Questionnaire has no such item."
    if known[link] is item:
        return f"The item {own} is enabled by its own answer: name another item."
    if link in inside:
        return (
            f"The item {own} is enabled by an answer to {shown(link)}, which is inside it: name one outside."
        )
    return None


def _derivations(questionnaire: Json, context: Context) -> Iterator[Fault]:
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
        yield from _items(questionnaire, _by_link(other), how)


def _derivation(extras: object) -> str | None:
    for extension in objects(extras.get("extension")) if isinstance(extras, dict) else ():
        found = value_of(extension) if extension.get("url") == _DERIVATION_TYPE else None
        if found is not None and isinstance(found[1], dict) and found[1].get("system") == _DERIVATIONS:
            return str(found[1].get("code"))
    return None


def _items(mine: Json, known: dict[str, Json], how: str) -> Iterator[Fault]:
    for index, item in numbered(mine.get("item")):
        counterpart = known.get(str(item.get("linkId")))
        here = _item(item, counterpart) if counterpart is not None else _added(item, how)
        for fault in (*here, *_items(item, known, how)):
            fault.steps.append(f"item[{index}]")
            yield fault


def _added(item: Json, how: str) -> Iterator[Fault]:
    if how == "extends":
        return
    text = f"The item {shown(item.get('linkId'))} is not in the Questionnaire that this one complies with."
    yield Fault("questionnaire-derived", "business-rule", text)


def _item(item: Json, other: Json) -> Iterator[Fault]:
    kind, allowed = item.get("type"), other.get("type")
    if kind != allowed:
        yield _wider("type", f"the type is {shown(kind)}, and {shown(allowed)} there")
    if item.get("repeats") is True and other.get("repeats") is not True:
        yield _wider("repeats", "it repeats, and does not there")
    if other.get("required") is True and item.get("required") is not True:
        yield _wider("required", "it is not required, and is there")
    longest, most = item.get("maxLength"), other.get("maxLength")
    if isinstance(most, int) and not isinstance(longest, int):
        yield _wider("", f"an answer may be of any length, and of at most {most} characters there")
    elif isinstance(most, int) and isinstance(longest, int) and longest > most:
        yield _wider("maxLength", f"an answer may have {longest} characters, and at most {most} there")
    yield from _answers(item, other)


def _answers(item: Json, other: Json) -> Iterator[Fault]:
    if "answerOption" in other and "answerValueSet" in item:
        yield _wider("", "the answers come from a value set, and from options there")
    elif "answerValueSet" in other and "answerOption" in item:
        yield _wider("", "the answers are options, and come from a value set there")
    options = [value_of(one) for one in objects(other.get("answerOption"))]
    if options and not objects(item.get("answerOption")) and "answerValueSet" not in item:
        yield _wider("", f"any answer may be given, and only one of {len(options)} options there")
    for index, option in numbered(item.get("answerOption")) if options else ():
        if value_of(option) not in options:
            text = "This answer is none of those that the other Questionnaire offers."
            yield Fault("questionnaire-derived", "business-rule", text, steps=[f"answerOption[{index}]"])


def _wider(name: str, text: str) -> Fault:
    return Fault(
        "questionnaire-derived",
        "business-rule",
        f"Not as in the Questionnaire it derives from: {text}.",
        steps=[name] if name else [],
    )
