"""Required bindings to value sets whose codes are all on board
(https://hl7.org/fhir/R4/terminologies.html#required).

A code of a system that cannot be listed here (media types, languages, UCUM units) is neither confirmed nor
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions, ValueSetCodes
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.schema import Property

Rule = Callable[[Any], Iterable[Fault]]

_LISTED = 12
# Longer than any code, and short enough that looking for a similar one costs nothing.
_SIMILAR = 64


def make(one: Property, definitions: Definitions) -> Rule | None:
    value_set = _required(one, definitions)
    belongs = _BY_TYPE.get(one.type.code)
    if value_set is None or belongs is None:
        return None

    def check(value: Any) -> Iterable[Fault]:
        if belongs(value_set, value) is not False:
            return ()
        return (Fault("binding", "code-invalid", _refusal(one, value_set, value)),)

    return check


def make_absent(one: Property, definitions: Definitions) -> Rule | None:
    """A required code has to be stated: an extension that says why it is absent does not stand for it."""
    if one.kind != "primitive" or (value_set := _required(one, definitions)) is None:
        return None

    def check(_: Any) -> Iterable[Fault]:
        return (Fault("binding", "code-invalid", f"`{one.key}` has no value: use {_listed(value_set)}."),)

    return check


def _required(one: Property, definitions: Definitions) -> ValueSetCodes | None:
    binding = one.element.binding
    if binding is None or binding.strength != "required":
        return None
    value_set = definitions.value_set(binding.value_set)
    return value_set if value_set is not None and value_set.codes else None


def _code(value_set: ValueSetCodes, value: Any) -> bool | None:
    # What is no string at all is another rule's to tell.
    return value_set.holds(value) if isinstance(value, str) else None


def _coding(value_set: ValueSetCodes, value: Any) -> bool | None:
    if not isinstance(value, dict):
        return None
    code, system = value.get("code"), value.get("system")
    if not isinstance(code, str) or not isinstance(system, str):
        # Stated in part: with an extension in its place it may be meant, without one it names no code of the
        # set.
        return None if "_code" in value or "_system" in value else False
    return value_set.holds(code, system)


def _codeable_concept(value_set: ValueSetCodes, value: Any) -> bool | None:
    codings = value.get("coding") if isinstance(value, dict) else None
    if not isinstance(codings, list):
        return False if isinstance(value, dict) and codings is None else None
    verdicts = [_coding(value_set, coding) for coding in codings]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _codeable_reference(value_set: ValueSetCodes, value: Any) -> bool | None:
    concept = value.get("concept") if isinstance(value, dict) else None
    return None if concept is None else _codeable_concept(value_set, concept)


_BY_TYPE: dict[str, Callable[[ValueSetCodes, Any], bool | None]] = {
    "code": _code,
    "Coding": _coding,
    "CodeableConcept": _codeable_concept,
    "CodeableReference": _codeable_reference,
}


def _refusal(one: Property, value_set: ValueSetCodes, value: Any) -> str:
    if isinstance(value, str):
        return f"`{one.key}` is {shown(value)}: use {_advice(value_set, value)}."
    codings = [value] if one.type.code == "Coding" else (value.get("concept") or value).get("coding") or ()
    told = ", ".join(
        f"{coding.get('system', 'no system')}|{coding.get('code', 'no code')}" for coding in codings
    )
    found = f"has {shown(told)}" if told else "has no coding"
    code = next((coding["code"] for coding in codings if isinstance(coding.get("code"), str)), "")
    return f"`{one.key}` {found}: one coding has to be from {value_set.url}; use {_advice(value_set, code)}."


def _advice(value_set: ValueSetCodes, code: str) -> str:
    codes = sorted({code for codes in value_set.codes.values() for code in codes})
    similar = get_close_matches(code, codes, n=1) if len(code) <= _SIMILAR and len(codes) > _LISTED else ()
    return f"a code of {value_set.url}; did you mean `{similar[0]}`?" if similar else _listed(value_set)


def _listed(value_set: ValueSetCodes) -> str:
    codes = sorted({code for codes in value_set.codes.values() for code in codes})
    if len(codes) <= _LISTED:
        return " or ".join([", ".join(codes[:-1]), codes[-1]]) if len(codes) > 1 else codes[0]
    return f"one of the {len(codes)} codes of {value_set.url}"
