"""The rules, one a file. A rule looks at one value and yields faults; where the value stands is the walker's
business.

A maker gets what the definitions say and returns a rule, or ``None`` where there is nothing to check: a
resource pays for no rule that its element does not have. To add one: a file here and a line in a table below.
"""

from __future__ import annotations

from fhir_vitiligo.validation.rules import (
    address,
    binding,
    bounds,
    cardinality,
    choice,
    contained,
    extension,
    fixed,
    invariant,
    length,
    narrative,
    presence,
    primitives,
    reference,
    special,
    system,
)
from fhir_vitiligo.validation.rules.place import Maker, ObjectMaker

# Each sees one value of an element of core: the string of a code, the object of a Coding.
VALUE_RULES: tuple[Maker, ...] = (
    primitives.make,
    fixed.make,
    binding.make,
    address.make,
    bounds.make,
    invariant.make,
    reference.make,
    extension.make,
    extension.placement,
    system.make,
)
# Each sees what stands at an element as a whole: all entries of a list at once.
ELEMENT_RULES: tuple[Maker, ...] = (cardinality.at_most,)
# Each sees an element that has extensions but no value.
ABSENCE_RULES: tuple[Maker, ...] = (binding.make_absent,)
# Each sees the companion of a primitive, whether there is a value or not.
COMPANION_RULES: tuple[Maker, ...] = (extension.companion_placement,)
# Each sees which members a whole object of a type has.
MEMBER_RULES: tuple[ObjectMaker, ...] = (cardinality.required, choice.make)
# Each sees a whole object of a type.
OBJECT_RULES: tuple[ObjectMaker, ...] = (
    contained.make,
    extension.root_placement,
    special.make,
    invariant.of_type,
)
# Each sees one occurrence of an element of a profile, whose value may be None beside a companion.
PROFILE_RULES: tuple[Maker, ...] = (
    fixed.make,
    length.make,
    bounds.make,
    binding.make,
    invariant.make,
    reference.make,
    reference.make_aggregation,
    presence.make,
    narrative.make,
)
