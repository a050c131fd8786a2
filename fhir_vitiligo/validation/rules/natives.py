"""Invariants that are met so often that FHIRPath would cost more than all other checks together.

Each is found by its expression as published, so that a release or profile that words it differently gets its
own meaning. A native is true for a value of the wrong shape: the shape has been told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fhir_vitiligo.fhir.definitions import Invariant
from fhir_vitiligo.fhir.xhtml import read
from fhir_vitiligo.validation.context import Context

Native = Callable[[Any, Any, Context], bool]

# Checked where the shape is: ele-1 and ext-1 with each object, dom-2 to dom-5 in rules/contained.py.
ELSEWHERE = frozenset({"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5"})


_PERIOD = "start.hasValue().not() or end.hasValue().not() or (start <= end)"
_OBS_7 = "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()"


def _no_component_of_the_same_code(value: Any, companion: Any, context: Context) -> bool:
    return "component" not in value or _answer(_OBS_7, "Observation", value, companion, context)


def _has_narrative(value: Any, companion: Any, context: Context) -> bool:
    text = value.get("text")
    return type(text) is dict and "div" in text


def _no_value_when_absent(value: Any, companion: Any, context: Context) -> bool:
    return "dataAbsentReason" not in value or not _has(value, "value")


def _has(value: dict[str, Any], name: str) -> bool:
    return any(key.startswith((name, f"_{name}")) for key in value if type(key) is str)


def _system_with_code(value: Any, companion: Any, context: Context) -> bool:
    return "code" not in value or "system" in value or "_system" in value


def _basic_formatting(value: Any, companion: Any, context: Context) -> bool:
    return type(value) is not str or read(value).basic


def _some_content(value: Any, companion: Any, context: Context) -> bool:
    return type(value) is not str or read(value).has_content


def _start_before_end(value: Any, companion: Any, context: Context) -> bool:
    start, end = value.get("start"), value.get("end")
    # What is empty has no value; that it is empty is told.
    if type(start) is not str or type(end) is not str or not start or not end:
        return True
    # Text in the same form is in the order of time, unless it is no date: then something is wrong already.
    if len(start) == len(end) and start[19:] == end[19:] and not context.faults.errors:
        return start <= end
    return _answer(_PERIOD, "Period", value, companion, context)


def _answer(expression: str, content: str, value: Any, companion: Any, context: Context) -> bool:
    """By FHIRPath after all."""
    from fhir_vitiligo.fhir.fhirpath import compile_expression

    return compile_expression(expression, context.release).bind(content)(
        value, companion, context.environment
    )


def _local_reference(value: Any, companion: Any, context: Context) -> bool:
    """ref-1 of R4: a local reference names something contained; ``#`` is the container itself."""
    reference = value.get("reference")
    return type(reference) is not str or not reference.startswith("#") or _is_local(reference, context)


def _local_reference_from_inside(value: Any, companion: Any, context: Context) -> bool:
    """ref-1 of R4B and R5: only what is contained may refer to ``#``."""
    reference = value.get("reference")
    if reference == "#":
        return context.is_contained
    return type(reference) is not str or not reference.startswith("#") or _is_local(reference, context)


def _is_local(reference: str, context: Context) -> bool:
    contained = context.container.get("contained")
    return reference == "#" or (
        type(contained) is list
        and any(type(one) is dict and one.get("id") == reference[1:] for one in contained)
    )


def _says_something(value: Any, companion: Any, context: Context) -> bool:
    return not _SAYING.isdisjoint(value)


_SAYING = frozenset(("reference", "_reference", "identifier", "display", "_display", "extension"))

_LOCAL = "reference.startsWith('#').not() or (reference.substring(1).trace('url') in %rootResource.contained.id.trace('ids'))"
_INSIDE = " or (reference='#' and %rootResource!=%resource)"
_NATIVES: Mapping[str, Native] = {
    _OBS_7: _no_component_of_the_same_code,
    "text.`div`.exists()": _has_narrative,
    "dataAbsentReason.empty() or value.empty()": _no_value_when_absent,
    "code.empty() or system.exists()": _system_with_code,
    _PERIOD: _start_before_end,
    _LOCAL: _local_reference,
    _LOCAL + _INSIDE: _local_reference_from_inside,
    f"reference.exists()  implies ({_LOCAL}{_INSIDE})": _local_reference_from_inside,
    "reference.exists() or identifier.exists() or display.exists() or extension.exists()": _says_something,
}
# Both are published as htmlChecks(); HL7's engine asks the one for its form and the other for its content.
_BY_KEY: Mapping[str, Native] = {"txt-1": _basic_formatting, "txt-2": _some_content}


def native_of(invariant: Invariant) -> Native | None:
    if invariant.expression == "htmlChecks()" and invariant.key in _BY_KEY:
        return _BY_KEY[invariant.key]
    return _NATIVES.get(invariant.expression)


# What is published and does not say what was meant: an empty collection is false for HL7's engine.
_NAME = "[A-Z]([A-Za-z0-9_]){0,254}"
_CORRECTED: Mapping[str, str] = {
    "probability is decimal implies (probability as decimal) <= 100": (
        "probability.empty() or ((probability is decimal) implies ((probability as decimal) <= 100))"
    ),
    "enableWhen.count() > 2 implies enableBehavior.exists()": (
        "enableWhen.count() >= 2 implies enableBehavior.exists()"
    ),
    "generated='generated' implies source.empty()": "generation='generated' implies source.empty()",
    "fullUrl.contains('/_history/').not()": "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    f"name.matches('{_NAME}')": f"name.exists() implies name.matches('^{_NAME}$')",
    "isModifier implies isModifierReason.exists()": (
        "(isModifier.exists() and isModifier) implies isModifierReason.exists()"
    ),
    "(component.empty() and hasMember.empty()) implies (dataAbsentReason or value)": (
        "(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())"
    ),
    "operator = 'exists' implies (answer is Boolean)": "operator = 'exists' implies (answer is boolean)",
    "($this as dateTime).toString().length() >= 8": (
        "($this is dateTime) implies ($this as dateTime).toString().length() >= 8"
    ),
    "url.matches('([^|#])*')": "$this.matches('([^|#])*')",
    "differential.element.all(id) and differential.element.id.trace('ids').isDistinct()": (
        "differential.element.all(id.exists()) and differential.element.id.trace('ids').isDistinct()"
    ),
    "snapshot.element.all(id) and snapshot.element.id.trace('ids').isDistinct()": (
        "snapshot.element.all(id.exists()) and snapshot.element.id.trace('ids').isDistinct()"
    ),
}


# An element of several types has several codes.
_CORRECTED_PARTS = (
    ("element.tail().not()", "element.tail().empty()"),
    ('type.code.contains(":")', 'type.code.exists($this.contains(":"))'),
    # R5 says what R4 meant in eld-19: the whole path is made of such names.
    (r"path.matches('[^\\s\\.,:;", r"path.matches('^[^\\s\\.,:;"),
    (r"(\\[x\\])?(\\:[^\\s\\.]+)?)*')", r"(\\[x\\])?(\\:[^\\s\\.]+)?)*$')"),
)


def corrected(expression: str) -> str:
    """The expression as HL7's engine reads it: some published ones do not say what was meant."""
    if (found := _CORRECTED.get(expression)) is not None:
        return found
    for wrong, right in _CORRECTED_PARTS:
        expression = expression.replace(wrong, right)
    return expression
