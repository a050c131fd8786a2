"""All occurrences of one element at once: how many there are, of which types, and which slice each belongs to.

https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.min, profiling.html#slicing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.fhir.schema import Property
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.occurrences import Occurrence, gatherer, step_of
from fhir_vitiligo.validation.rules import cardinality, mistyped, types
from fhir_vitiligo.validation.schema import Node, Schema
from fhir_vitiligo.validation.slicing import slicer_of

if TYPE_CHECKING:
    from fhir_vitiligo.validation.profiles import Check, Profiles

GroupCheck = Callable[[dict[str, Any], Context], None]


def group_check(
    profiles: Profiles, schema: Schema, node: Node, properties: Sequence[Property]
) -> GroupCheck | None:
    """The check of everything at ``node`` in an object; None where the profile adds nothing to core."""
    base = properties[0].element
    targets = Targets(profiles, schema, node)
    slicer = slicer_of(profiles, schema, node, properties)
    counts = cardinality.profiled(schema, node, base)
    allowed = _narrowed(node, properties)
    here = (counts, allowed, slicer)
    # Only where nothing is asked of them all is it worth knowing whether there is something below.
    if here == (None, None, None) and all(targets.of(one) is None for one in properties):
        return None
    gather = gatherer(properties)
    # As HL7's engine places it: where one type is left, the value is wrong, else (and for the value of an
    # extension) what is around has none that could be told.
    wanted = [one for one in properties if one.key in allowed] if allowed is not None else []
    at_the_value = len(wanted) == 1 and node.element.path != "Extension.value[x]"

    def check(around: dict[str, Any], context: Context) -> None:
        found = gather(around)
        faults = context.faults
        if counts is not None:
            for fault in counts(len(found)):
                faults.put(fault)
        if not found and slicer is None:
            return
        if allowed is not None:
            for occurrence in found:
                if occurrence[3].key not in allowed:
                    fault = types.not_of_the_profile(schema, node, occurrence[3])
                    if at_the_value:
                        fault.steps.append(step_of(occurrence))
                    faults.put(fault)
                    if len(wanted) == 1:
                        schemas = profiles.library.schemas
                        more = mistyped.faults(occurrence[0], occurrence[3], wanted[0], schemas)
                        faults.put_all(more, step_of(occurrence))
        if slicer is None:
            for occurrence in found:
                run(targets.of(occurrence[3]), occurrence, context)
        else:
            slicer.check(found, targets, context)

    return check


def run(target: Check | None, occurrence: Occurrence, context: Context) -> None:
    """Check one occurrence; its faults get its step."""
    if target is None:
        return
    faults = context.faults
    before = len(faults)
    try:
        target(occurrence[0], occurrence[1], context)
    finally:
        if len(faults) > before:
            faults.prefix(before, step_of(occurrence))


class Targets:
    """The check of a node by the JSON name it is written with, each compiled when it is first met."""

    def __init__(self, profiles: Profiles, schema: Schema, node: Node) -> None:
        self._profiles, self._schema, self._node = profiles, schema, node
        self._made: dict[str, Check | None] = {}

    def of(self, one: Property) -> Check | None:
        try:
            return self._made[one.key]
        except KeyError:
            made = self._made[one.key] = self._profiles.node(self._schema, self._node, one, one.element)
            return made


def _narrowed(node: Node, properties: Sequence[Property]) -> frozenset[str] | None:
    """The JSON names left where a profile takes types away from a choice."""
    if not node.element.types or properties[0].kind == "resource":
        return None
    codes = {kind.code for kind in node.element.types}
    left = frozenset(one.key for one in properties if one.type.code in codes)
    return left if len(left) < len(properties) and len(properties) > 1 else None
