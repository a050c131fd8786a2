"""What an answer to a question may be: type, options, limits and units.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.type, and the extensions of core and of Structured Data
Capture that limit answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import objects
from fhir_vitiligo.validation.resources.questionnaire_enablement import compare_quantities, value_of
from fhir_vitiligo.validation.text_forms import form_faults

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/"

_OPTIONS = ("Coding", "Date", "Time", "Integer", "String")
# Type of the item -> types of its answers.
ANSWER_TYPES: dict[str, tuple[str, ...]] = {
    "boolean": ("Boolean",),
    "decimal": ("Decimal",),
    "integer": ("Integer",),
    "date": ("Date",),
    "dateTime": ("DateTime",),
    "time": ("Time",),
    "string": ("String",),
    "text": ("String",),
    "url": ("Uri",),
    "choice": _OPTIONS,
    "open-choice": _OPTIONS,
    "coding": _OPTIONS,
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
}
_PRIMITIVES = frozenset(("Boolean", "Decimal", "Integer", "Date", "DateTime", "Time", "String", "Uri"))


# Answers to these stand among their options, and so does what is said of them.
_CHOSEN = frozenset(("choice", "open-choice", "coding"))


def answer_faults(question: Json, answer: Json, questionnaire: Json, context: Context) -> Iterator[Fault]:
    """The faults of one answer, below its ``answer[i]``."""
    found = value_of(answer)
    allowed = _allowed(question)
    if found is None or allowed is None:
        return
    kind, value = found
    step = f"value.ofType({_lower(kind) if kind in _PRIMITIVES else kind})"
    if kind not in allowed:
        told = " or ".join(f"value{one}" for one in allowed)
        text = f"The item is of type `{question['type']}`: its answer is {told}, not value{kind}."
        yield Fault("questionnaire-answer", "structure", text, steps=[step])
        return
    if question["type"] == "coding" and kind not in ("Coding", "String"):
        text = f"The answer is value{kind}; a `coding` is answered with valueCoding, or valueString where it may be free text."
        yield Fault("questionnaire-answer", "structure", text, severity="warning", steps=[step])
    if kind == "Attachment":
        for text in _attachment_limits(question, value):
            yield Fault("questionnaire-limit", "invariant", text)
    for rule, text in (*_limits(question, kind, value), *_units(question, value, context)):
        yield Fault(rule, "invariant", text, steps=[step])
    for fault in _form(question, value):
        fault.steps = [step]
        yield fault
    place = [] if question["type"] in _CHOSEN else [step]
    for fault in _options(question, kind, value, questionnaire, context):
        fault.steps = list(place)
        yield fault


def _allowed(question: Json) -> tuple[str, ...] | None:
    kinds = ANSWER_TYPES.get(str(question.get("type")))
    # Where references are offered, one of them is the answer.
    if kinds is _OPTIONS and any("valueReference" in one for one in objects(question.get("answerOption"))):
        return (*kinds, "Reference")
    return kinds


def _lower(kind: str) -> str:
    return kind[0].lower() + kind[1:]


# Options


def _options(question: Json, kind: str, value: Any, questionnaire: Json, context: Context) -> Iterator[Fault]:
    if kind == "String" and _is_open(question):
        return
    options = [told for one in objects(question.get("answerOption")) if (told := value_of(one)) is not None]
    if options:
        if not any(name == kind and _is(value, wanted) for name, wanted in options):
            text = f"{_told(value)} is none of the {len(options)} options of the item."
            yield Fault("questionnaire-option", "code-invalid", text)
        return
    value_set = question.get("answerValueSet")
    if not isinstance(value_set, str):
        return
    if kind == "Coding" and isinstance(value, dict):
        yield from _in_value_set(value_set, value, questionnaire, context)
    elif kind == "String":
        text = f"The answer is a text; the item takes a code of the value set {value_set}."
        yield Fault("questionnaire-option", "code-invalid", text, severity="warning")


def _is_open(question: Json) -> bool:
    return bool(
        question.get("type") == "open-choice" or question.get("answerConstraint") == "optionsOrString"
    )


def _in_value_set(canonical: str, value: Json, questionnaire: Json, context: Context) -> Iterator[Fault]:
    system, code = value.get("system"), value.get("code")
    value_set = _value_set(canonical, questionnaire, context)
    if isinstance(value_set, str) and "ValueSet" not in context.library.kinds(value_set):
        text = f"The value set {canonical} is not known here, so the answer was not checked against it."
        yield Fault("questionnaire-option", "not-found", text, severity="information")
        return
    if not isinstance(system, str) or not isinstance(code, str):
        if "_system" not in value and "_code" not in value:
            text = f"{_told(value)} has no {'system' if system is None else 'code'}: the item takes a code of {canonical}."
            yield Fault("questionnaire-option", "code-invalid", text)
        return
    version, display = value.get("version"), value.get("display")
    verdict = context.library.terminology.validate(
        value_set,
        system,
        code,
        display if isinstance(display, str) else None,
        version if isinstance(version, str) else None,
    )
    if verdict.kind in ("not-in", "unknown-code"):
        text = f"{_told(value)} is not in the value set {canonical} that the item takes its answers from."
        yield Fault("questionnaire-option", "code-invalid", text)


def _value_set(canonical: str, questionnaire: Json, context: Context) -> Any:
    """A value set that the Questionnaire contains, or what contains both, as it stands; else its address."""
    inside = (*objects(questionnaire.get("contained")), *objects(context.container.get("contained")))
    contained = next((one for one in inside if f"#{one.get('id')}" == canonical), None)
    return canonical if contained is None else context.library.terminology.compile(contained)


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(value, dict) and isinstance(wanted, dict):
        told = [key for key in ("system", "code", "reference", "value") if key in wanted]
        if not told and "display" in wanted:
            return bool(value.get("display") == wanted["display"])
        return bool(told) and all(value.get(key) == wanted[key] for key in told)
    return bool(value == wanted)


def _told(value: Any) -> str:
    if isinstance(value, dict):
        parts = [str(value[key]) for key in ("system", "code") if key in value]
        return shown("|".join(parts) or str(value.get("display", "the answer")))
    return shown(value)


def exclusive_faults(question: Json, answers: list[tuple[int, Json]]) -> Iterator[tuple[int, str]]:
    """Answers that allow no other beside them, by index (``questionnaire-optionExclusive``)."""
    if len(answers) < 2:
        return
    alone = [
        told
        for one in objects(question.get("answerOption"))
        if any(value is True for value in _extensions(one, f"{_CORE}questionnaire-optionExclusive"))
        and (told := value_of(one)) is not None
    ]
    for index, answer in answers:
        found = value_of(answer)
        if found is not None and any(found[0] == kind and _is(found[1], wanted) for kind, wanted in alone):
            yield (
                index,
                f"{_told(found[1])} excludes every other answer, and {len(answers) - 1} more are given.",
            )


# Limits


def _limits(question: Json, kind: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield from _text_limits(question, value)
    number = value.get("value") if kind == "Quantity" and isinstance(value, dict) else value
    if isinstance(number, Decimal | int) and not isinstance(number, bool):
        places = max(0, -int(Decimal(number).as_tuple().exponent))
        for most in _extensions(question, f"{_CORE}maxDecimalPlaces"):
            if isinstance(most, int) and places > most:
                yield "questionnaire-limit", f"{number} has {places} decimal places; the item allows {most}."
    for name, wrong in (("min", -1), ("max", 1)):
        url = f"{_SDC}sdc-questionnaire-{name}Quantity" if kind == "Quantity" else f"{_CORE}{name}Value"
        for limit in _extensions(question, url):
            yield from _limit(name, wrong, limit, value)


def _limit(name: str, wrong: int, limit: Any, value: Any) -> Iterator[tuple[str, str]]:
    word = "at least" if name == "min" else "at most"
    if isinstance(limit, dict) and isinstance(value, dict):
        order = compare_quantities(value, limit)
        told = f"{limit.get('value')} {limit.get('unit', limit.get('code', ''))}".strip()
        if order is None:
            yield (
                "questionnaire-limit",
                f"The answer cannot be compared with the limit {told}: the units differ in kind.",
            )
        elif order == wrong:
            yield (
                "questionnaire-limit",
                f"{value.get('value')} {value.get('unit', '')} is out of range: the item takes {word} {told}.",
            )
        return
    comparable = type(limit) is type(value) or (
        isinstance(limit, Decimal | int) and isinstance(value, Decimal | int)
    )
    if comparable and not isinstance(value, bool | dict) and (value > limit) - (value < limit) == wrong:
        yield "questionnaire-limit", f"{shown(value)} is out of range: the item takes {word} {limit}."


def _text_limits(question: Json, value: str) -> Iterator[tuple[str, str]]:
    most = question.get("maxLength")
    if isinstance(most, int) and len(value) > most:
        yield "questionnaire-limit", f"The answer has {len(value)} characters; the item allows {most}."
    for least in _extensions(question, f"{_CORE}minLength"):
        if isinstance(least, int) and len(value) < least:
            yield (
                "questionnaire-limit",
                f"The answer has {len(value)} characters; the item wants at least {least}.",
            )


def _form(question: Json, value: Any) -> Iterator[Fault]:
    """The regular expression that an item gives for its answers."""
    for pattern in _extensions(question, f"{_CORE}regex"):
        if not isinstance(value, str) or not isinstance(pattern, str):
            continue
        told = f"{shown(value)} does not have the form {shown(pattern)} that the item asks for."
        untold = "Whether the answer has the form that the item asks for cannot be told"
        yield from form_faults(pattern, value, Fault("questionnaire-limit", "invariant", told), untold)


def _attachment_limits(question: Json, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    kinds = [one for one in _extensions(question, f"{_CORE}mimeType") if isinstance(one, str)]
    told = value.get("contentType")
    if kinds and not (isinstance(told, str) and told.startswith(tuple(kinds))):
        found = f"is {shown(told)}" if told is not None else "does not say what it is"
        yield f"The attachment {found}; the item takes {', '.join(kinds)}."
    size, data = value.get("size"), value.get("data")
    if not isinstance(size, int) and isinstance(data, str):
        size = len("".join(data.split()).rstrip("=")) * 3 // 4
    for most in _extensions(question, f"{_CORE}maxSize"):
        if isinstance(size, int) and isinstance(most, int | Decimal) and size > most * 1024 * 1024:
            yield f"The attachment has {size} bytes; the item takes at most {most} MB."


def occurrence_faults(question: Json, answers: int) -> Iterator[str]:
    """What ``questionnaire-minOccurs`` and ``-maxOccurs`` say against that number of answers."""
    for least in _extensions(question, f"{_CORE}questionnaire-minOccurs"):
        if isinstance(least, int) and 0 < answers < least:
            yield f"The item has {answers} {'answer' if answers == 1 else 'answers'}; it wants at least {least}."
    for most in _extensions(question, f"{_CORE}questionnaire-maxOccurs"):
        if isinstance(most, int) and answers > most:
            yield f"The item has {answers} answers; it takes at most {most}."


# Units


def _units(question: Json, value: Any, context: Context) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or "value" not in value:
        return
    options = [
        one for one in _extensions(question, f"{_CORE}questionnaire-unitOption") if isinstance(one, dict)
    ]
    if options and not any(
        _is(value | {"value": None}, {k: one[k] for k in ("system", "code") if k in one}) for one in options
    ):
        told = ", ".join(str(one.get("code")) for one in options)
        yield (
            "questionnaire-unit",
            f"The unit {shown(value.get('code', value.get('unit')))} is none of {told}.",
        )
    for canonical in _extensions(question, f"{_CORE}questionnaire-unitValueSet"):
        code, system = value.get("code"), value.get("system")
        if not isinstance(canonical, str):
            continue
        if not isinstance(code, str):
            yield "questionnaire-unit", f"The unit needs a code from the value set {canonical}."
            continue
        verdict = context.library.terminology.validate(canonical, system, code)
        if verdict.kind in ("not-in", "unknown-code"):
            yield "questionnaire-unit", f"The unit {shown(code)} is not in the value set {canonical}."


def _extensions(node: Json, url: str) -> Iterator[Any]:
    for one in objects(node.get("extension")):
        if one.get("url") == url and (found := value_of(one)) is not None:
            yield found[1]
