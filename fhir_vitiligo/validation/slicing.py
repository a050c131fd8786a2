"""Which slice each occurrence of an element belongs to, and whether the slices are as the profile says
(https://hl7.org/fhir/R4/profiling.html#slicing).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_vitiligo.fhir.schema import Property
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.discriminators import Matcher, UndecidableError, matcher_of
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.occurrences import Occurrence, step_of
from fhir_vitiligo.validation.rules import cardinality
from fhir_vitiligo.validation.schema import Node, Schema, Slicing

if TYPE_CHECKING:
    from fhir_vitiligo.validation.groups import Targets
    from fhir_vitiligo.validation.profiles import Profiles


@dataclass(frozen=True, slots=True)
class Slice:
    node: Node
    matches: Matcher
    targets: Targets
    count: Callable[[int], Sequence[Fault]] | None
    below: Slicer | None


def slicer_of(
    profiles: Profiles,
    schema: Schema,
    node: Node,
    properties: Sequence[Property],
    around: Slicing | None = None,
) -> Slicer | None:
    """What sorts the occurrences of a sliced element; None for an element without slices.

    A slice that is sliced again is told apart as those ``around`` it, unless it says otherwise.
    """
    if not node.slices:
        return None
    return Slicer(profiles, schema, node, properties, around)


class Slicer:
    def __init__(
        self,
        profiles: Profiles,
        schema: Schema,
        node: Node,
        properties: Sequence[Property],
        around: Slicing | None,
    ) -> None:
        from fhir_vitiligo.validation.groups import Targets

        self.schema = schema
        self.node = node
        self.slicing = node.slicing or Slicing(around.discriminators if around is not None else ())
        self.slices: list[Slice] = []
        for one in node.slices:
            matches = matcher_of(profiles, schema, self.slicing, node, one)
            self.slices.append(
                Slice(
                    one,
                    matches,
                    Targets(profiles, schema, one),
                    cardinality.sliced(schema, one),
                    slicer_of(profiles, schema, one, properties, self.slicing),
                )
            )

    def check(self, found: Sequence[Occurrence], targets: Targets, context: Context) -> None:
        """``targets`` are what holds for each occurrence, whichever slice it belongs to."""
        members: list[list[Occurrence]] = [[] for _ in self.slices]
        last, rest, undecided = -1, False, False
        for position, occurrence in enumerate(found):
            number: int | None = None
            try:
                number = self._slice(occurrence, position, context)
            except UndecidableError as problem:
                undecided = True
                _put(Fault("slicing", "processing", f"{problem}{self._source}"), occurrence, context)
            if number is None:
                rest = True
                if self.slicing.rules == "closed" and not undecided:
                    _put(self._stranger(), occurrence, context)
                _run(targets, occurrence, context)
                continue
            if self.slicing.ordered and number < last:
                _put(self._out_of_order(number, last), occurrence, context)
            elif rest and self.slicing.rules == "openAtEnd":
                _put(self._after_the_end(number), occurrence, context)
            last = max(last, number)
            members[number].append(occurrence)
        for one, own in zip(self.slices, members, strict=True):
            if one.count is not None and not undecided:
                for fault in one.count(len(own)):
                    context.faults.put(fault)
            if one.below is not None:
                one.below.check(own, one.targets, context)
            else:
                for occurrence in own:
                    _run(one.targets, occurrence, context)
            # A slice may have been made, or written, without what is said of all occurrences.
            for occurrence in own:
                _run(targets, occurrence, context)

    def _slice(self, occurrence: Occurrence, position: int, context: Context) -> int | None:
        number: int | None = None
        for index, one in enumerate(self.slices):
            if one.matches(occurrence, position, context):
                if number is not None:
                    _put(self._twice(number, index), occurrence, context)
                    break
                number = index
        return number

    @property
    def _source(self) -> str:
        return f" (profile {self.schema.canonical})"

    def _name(self, number: int) -> str:
        return f"`{self.slices[number].node.slice_name}`"

    def _stranger(self) -> Fault:
        names = ", ".join(f"`{one.node.slice_name}`" for one in self.slices)
        text = (
            f"This `{self.node.name}` is none of the slices {names}, and no other may be here{self._source}."
        )
        return Fault("slice-closed", "structure", text)

    def _twice(self, one: int, other: int) -> Fault:
        text = f"This `{self.node.name}` belongs to two slices, {self._name(one)} and {self._name(other)}"
        return Fault("slice-ambiguous", "structure", f"{text}{self._source}.")

    def _out_of_order(self, number: int, last: int) -> Fault:
        text = f"{self._name(number)} stands after {self._name(last)}: the slices are ordered"
        return Fault("slice-order", "structure", f"{text}{self._source}.")

    def _after_the_end(self, number: int) -> Fault:
        text = f"{self._name(number)} stands after what belongs to no slice, which may only be at the end"
        return Fault("slice-order", "structure", f"{text}{self._source}.")


def _put(fault: Fault, occurrence: Occurrence, context: Context) -> None:
    context.faults.put_all((fault,), step_of(occurrence))


def _run(targets: Targets, occurrence: Occurrence, context: Context) -> None:
    from fhir_vitiligo.validation.groups import run

    run(targets.of(occurrence[3]), occurrence, context)
