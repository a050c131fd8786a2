"""The rules, one a file. A rule looks at one value and yields faults; where the value stands is the walker's
business.

A maker gets what the definitions say and returns a rule, or ``None`` where there is nothing to check: a
resource pays for no rule that its element does not have. To add one: a file here and a line in a table below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fhir_vitiligo.fhir.definitions import Definitions
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.rules import binding, cardinality, choice, extension, invariant, primitives
from fhir_vitiligo.validation.schema import ObjectSchema, Property

Rule = Callable[[Any], Iterable[Fault]]

# Each sees one value of an element: the string of a code, the object of a Coding.
VALUE_RULES: tuple[Callable[[Property, Definitions], Rule | None], ...] = (primitives.make, binding.make)
# Each sees what stands at an element as a whole: all entries of a list at once.
ELEMENT_RULES: tuple[Callable[[Property, Definitions], Rule | None], ...] = (cardinality.at_most,)
# Each sees an element that has extensions but no value.
ABSENCE_RULES: tuple[Callable[[Property, Definitions], Rule | None], ...] = (binding.make_absent,)
# Each sees a whole object.
OBJECT_RULES: tuple[Callable[[ObjectSchema, Definitions], Rule | None], ...] = (
    cardinality.required,
    choice.make,
    extension.make,
    invariant.make,
)
