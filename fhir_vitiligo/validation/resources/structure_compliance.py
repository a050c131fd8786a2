"""Whether a profile allows nothing that another one forbids (extension ``structuredefinition-compliesWithProfile``).

https://hl7.org/fhir/extensions/StructureDefinition-structuredefinition-compliesWithProfile.html. Both are compared element by
element: an instance of the one has to be an instance of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_vitiligo.errors import TerminologyError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.primitives import shown
from fhir_vitiligo.terminology.value_sets import Terminology, ValueSet
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.resources.nodes import objects
from fhir_vitiligo.validation.schema import Node, Schema

_COMPLIES = "http://hl7.org/fhir/StructureDefinition/structuredefinition-compliesWithProfile"
_STRENGTHS = ("example", "preferred", "extensible", "required")
_UNBOUNDED = 1 << 30
# Of larger value sets, only so many codes are looked up in the other one.
_MOST_CODES = 1_000


def compliance_faults(definition: Json, schema: Schema, context: Context) -> Iterator[Fault]:
    """A fault for each profile that it claims to comply with and does not."""
    for extension in objects(definition.get("extension")):
        canonical = extension.get("valueCanonical")
        if extension.get("url") != _COMPLIES or not isinstance(canonical, str):
            continue
        other = context.library.profile(canonical)
        if other is None:
            text = f"Whether it complies with {canonical} cannot be told: nobody here knows that profile."
            yield Fault("profile-complies", "not-found", text)
            continue
        for sentence in _Comparison(schema, other, context).nodes(schema.root, other.root):
            yield Fault(
                "profile-complies", "business-rule", f"It does not comply with {canonical}: {sentence}"
            )


class _Comparison:
    def __init__(self, mine: Schema, other: Schema, context: Context) -> None:
        self.mine, self.other, self.context = mine, other, context

    def nodes(self, mine: Node, other: Node) -> Iterator[str]:
        yield from self._element(mine, other)
        for child in other.children:
            counterpart = mine.child(child.name)
            if counterpart is not None:
                yield from self.nodes(counterpart, child)
        yield from self._slices(mine, other)

    def _element(self, mine: Node, other: Node) -> Iterator[str]:
        one, two, name = mine.element, other.element, mine.id
        if one.min < two.min:
            yield f"`{name}` may be there {one.min} times, and has to be there at least {two.min} times."
        if _most(one.max) > _most(two.max):
            yield f"`{name}` may be there {one.max or 'any number of'} times, and at most {two.max} times is allowed."
        if one.max == 0:
            return
        wider = {kind.code for kind in one.types} - {kind.code for kind in two.types}
        if wider and two.types and one.types:
            yield f"`{name}` may be {', '.join(sorted(wider))}, which is not allowed."
        if two.fixed is not None and one.fixed != two.fixed:
            yield f"`{name}` is not fixed to {shown(two.fixed)}."
        if two.pattern is not None and not any(
            _has(value, two.pattern) for value in (one.fixed, one.pattern)
        ):
            yield f"`{name}` does not have to be like {shown(two.pattern)}."
        yield from self._binding(mine, other)

    def _binding(self, mine: Node, other: Node) -> Iterator[str]:
        one, two = mine.element.binding, other.element.binding
        if two is None or two.strength not in ("required", "extensible"):
            return
        if one is None or _STRENGTHS.index(one.strength) < _STRENGTHS.index(two.strength):
            yield f"`{mine.id}` is bound less strongly than {two.strength}."
        elif two.strength == "required" and (more := self._more(one.value_set, two.value_set)):
            yield f"`{mine.id}` allows {shown(more)}, which is not in {two.value_set}."

    def _more(self, mine: str, other: str) -> str | None:
        """A code that the one value set has beyond the other; None where there is none or it cannot be told."""
        if mine == other and not mine.startswith("#"):
            return None
        own, allowed = self._value_set(self.mine, mine), self._value_set(self.other, other)
        return code_beyond(own, allowed, self.context.library.terminology)

    def _value_set(self, schema: Schema, canonical: str) -> Any:
        terminology = self.context.library.terminology
        if not canonical.startswith("#"):
            return terminology.value_set(canonical)
        found = next((one for one in schema.contained if one.get("id") == canonical[1:]), None)
        return None if found is None else terminology.compile(found)

    def _slices(self, mine: Node, other: Node) -> Iterator[str]:
        own = {one.slice_name: one for one in mine.slices}
        closed = other.slicing is not None and other.slicing.rules == "closed"
        for one in other.slices:
            counterpart = own.pop(one.slice_name, None)
            if counterpart is not None:
                yield from self.nodes(counterpart, one)
            elif one.element.min > 0 or closed:
                yield f"`{mine.id}` has no slice `{one.slice_name}`."
        if closed:
            for name in own:
                yield f"`{mine.id}` has a slice `{name}`, and none may be added."


def code_beyond(own: ValueSet | None, allowed: ValueSet | None, terminology: Terminology) -> str | None:
    """A code that the one value set has and the other does not; None where there is none or it cannot be told."""
    if own is None or allowed is None:
        return None
    try:
        codes = terminology.expand(own, count=_MOST_CODES).contains
    except TerminologyError:
        return None
    for one in codes:
        if terminology.validate(allowed, one.get("system"), one["code"]).kind == "not-in":
            return str(one["code"])
    return None


def _most(highest: int | None) -> int:
    return _UNBOUNDED if highest is None else highest


def _has(value: Any, told: Any) -> bool:
    """Whether a value has everything that a pattern states."""
    if isinstance(told, dict):
        return isinstance(value, dict) and all(
            key in value and _has(value[key], inner) for key, inner in told.items()
        )
    if isinstance(told, list):
        return isinstance(value, list) and all(any(_has(one, inner) for one in value) for inner in told)
    return bool(value == told)
