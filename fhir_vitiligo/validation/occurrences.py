"""Where an element occurs in an object: every value of ``name``, or of each type of a choice.

What is not of the shape that core asks for is left out: core has told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fhir_vitiligo.fhir.schema import Property

# (value, companion, index in its list or -1, property): value is None where only the companion is there.
Occurrence = tuple[Any, Any, int, Property]
Gather = Callable[[dict[str, Any]], list[Occurrence]]


def step_of(occurrence: Occurrence) -> str:
    """The FHIRPath step to an occurrence: ``name[1]``, ``value.ofType(Quantity)``."""
    one, index = occurrence[3], occurrence[2]
    return one.step if index < 0 else f"{one.step}[{index}]"


def gatherer(properties: Sequence[Property]) -> Gather:
    """What finds the occurrences of an element that can be written as any of ``properties``."""
    if len(properties) == 1:
        return _gather_list(properties[0]) if properties[0].is_list else _gather_single(properties[0])
    return _gather_choice(tuple(properties))


def _gather_single(one: Property) -> Gather:
    key, companion = one.key, f"_{one.key}"
    if not one.companion:

        def gather_plain(around: dict[str, Any]) -> list[Occurrence]:
            value = around.get(key)
            return [] if value is None or type(value) is list else [(value, None, -1, one)]

        return gather_plain

    def gather(around: dict[str, Any]) -> list[Occurrence]:
        value, beside = around.get(key), around.get(companion)
        if (value is None and beside is None) or type(value) is list:
            return []
        return [(value, beside, -1, one)]

    return gather


def _gather_list(one: Property) -> Gather:
    key, companion = one.key, f"_{one.key}"

    def gather(around: dict[str, Any]) -> list[Occurrence]:
        values = around.get(key)
        beside = around.get(companion) if one.companion else None
        if type(values) is not list:
            if type(beside) is not list:
                return []
            values = []
        if type(beside) is not list:
            return [(value, None, index, one) for index, value in enumerate(values) if value is not None]
        found: list[Occurrence] = []
        for index in range(max(len(values), len(beside))):
            value = values[index] if index < len(values) else None
            more = beside[index] if index < len(beside) else None
            if value is not None or more is not None:
                found.append((value, more, index, one))
        return found

    return gather


def _gather_choice(properties: tuple[Property, ...]) -> Gather:
    by_key = {key: one for one in properties for key in (one.key, f"_{one.key}")}
    gathers = {one.key: gatherer((one,)) for one in properties}

    def gather(around: dict[str, Any]) -> list[Occurrence]:
        found: list[Occurrence] = []
        seen: list[str] = []
        for key in around:
            one = by_key.get(key)
            if one is not None and one.key not in seen:
                seen.append(one.key)
                found.extend(gathers[one.key](around))
        return found

    return gather
