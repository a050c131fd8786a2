"""Fixed values and patterns (https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.fixed_x_).

A fixed value is the whole of what may be there; a pattern is the least of it: what it names has to be there,
and each entry of its lists has to be found among those of the resource.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules.place import Place, Rule


def make(place: Place) -> Rule | None:
    fixed, pattern = place.element.fixed, place.element.pattern
    base = place.base
    if fixed is not None and (base is None or base.fixed != fixed):
        expected, exact, rule = fixed, True, "fixed"
    elif pattern is not None and (base is None or base.pattern != pattern):
        expected, exact, rule = pattern, False, "pattern"
    else:
        return None
    agrees = equals if exact else matches
    source = place.source

    def check(value: Any, companion: Any, context: Context) -> Iterator[Fault]:
        # What stands there in place of a value (why there is none) is as good, unless the value is asked for.
        if value is not None and not agrees(value, expected):
            for steps, text in _differences(value, expected, exact, place.name):
                yield Fault(rule, "value", f"{text}{source}.", steps=steps)

    return check


# Ids of elements are no part of what they are.
_FREE = frozenset({"id"})


def equals(value: Any, expected: Any) -> bool:
    """The same value: lists in their order, no key more or less; an element's id is free. A number is as precise as
    it is written: 1.0 is not 1 (https://hl7.org/fhir/R4/datatypes.html#decimal).
    """
    if isinstance(expected, dict):
        return (
            isinstance(value, dict)
            and value.keys() - expected.keys() <= _FREE
            and value.keys() >= expected.keys()
            and all(equals(value[key], one) for key, one in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(value, list)
            and len(value) == len(expected)
            and all(equals(one, other) for one, other in zip(value, expected, strict=True))
        )
    if value != expected or isinstance(expected, str):
        return bool(value == expected)
    return str(value) == str(expected)


def matches(value: Any, pattern: Any) -> bool:
    """Everything that the pattern names is in the value."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and matches(value[key], one) for key, one in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(matches(one, wanted) for one in value) for wanted in pattern
        )
    return equals(value, pattern)


def _differences(value: Any, expected: Any, exact: bool, name: str) -> Iterator[tuple[list[str], str]]:
    """Each place at which a value is not as expected: (steps from the inside out, what to say)."""
    if not isinstance(expected, dict) or not isinstance(value, dict):
        if isinstance(expected, list) and isinstance(value, list) and exact and len(value) == len(expected):
            for one, other in zip(value, expected, strict=True):
                if not equals(one, other):
                    yield from _differences(one, other, exact, name)
            return
        yield [], f"`{name}` is {shown(value)}; it has to be {_told(expected)}"
        return
    for key, one in expected.items():
        if key not in value:
            # What is missing in a list is missing in what holds the list.
            yield (
                [] if isinstance(one, list) else [key],
                f"`{name}` needs `{key}`, which has to be {_told(one)}",
            )
        elif isinstance(one, list) and not (exact and _as_long(value[key], one)):
            if exact or not matches(value[key], one):
                yield [], f"`{name}.{key}` has to {'be' if exact else 'hold'} {_told(one)}"
        elif not (equals if exact else matches)(value[key], one):
            for steps, text in _differences(value[key], one, exact, key):
                yield [*steps, key], text
    if exact:
        for key in value.keys() - expected.keys() - _FREE:
            yield [key], f"`{name}` must not have `{key}`: its value is fixed"


def _as_long(value: Any, expected: list[Any]) -> bool:
    return isinstance(value, list) and len(value) == len(expected)


def _told(expected: Any) -> str:
    """A fixed value in a sentence, short."""
    if isinstance(expected, dict):
        parts = [f"{key} {_told(one)}" for key, one in list(expected.items())[:4]]
        return ", ".join(parts) if parts else "an empty object"
    if isinstance(expected, list):
        return "; ".join(_told(one) for one in expected[:3])
    return shown(expected)
