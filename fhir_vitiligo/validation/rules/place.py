"""What a rule is made from, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fhir_vitiligo.fhir.definitions import Element
from fhir_vitiligo.fhir.schema import ObjectSchema, Property
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.schema import Node, Schema

# (value, companion, context): the companion is a primitive's `_key` with its id and extensions. The value is
# None where only the companion is there.
Rule = Callable[[Any, Any, Context], Iterable[Fault]]
ObjectMaker = Callable[[ObjectSchema, Library], Rule | None]


@dataclass(frozen=True, slots=True)
class Place:
    """An element in one of its types.

    ``element`` says what holds here. ``base`` is what core says of the same element, which is checked
    already; None in core itself. ``node`` and ``schema`` are the profile's.
    """

    one: Property
    element: Element
    base: Element | None
    library: Library
    node: Node | None = None
    schema: Schema | None = None

    @property
    def name(self) -> str:
        """The element as a message names it: the JSON name in core, the id in a profile."""
        return self.one.key

    @property
    def source(self) -> str:
        """Who says so, to end a sentence with: empty for core."""
        return "" if self.schema is None else f" (profile {self.schema.canonical})"


Maker = Callable[[Place], Rule | None]
