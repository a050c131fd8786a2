"""What a resource has to fulfil to be found: index rows of its own, or of resources it is linked with.

https://hl7.org/fhir/R4/search.html#chaining, #has
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_vitiligo.search.parameters import Parameter
from fhir_vitiligo.search.types.base import Alternative


@dataclass(frozen=True, slots=True)
class Criterion:
    """Some alternative holds for one of the index rows of a parameter.

    ``negated``: none holds for any row (``:not``, which includes resources without a value). ``missing``:
    there is no row at all (True) or there is one (False); then there are no alternatives. Without
    alternatives nothing holds.
    """

    parameter: Parameter
    alternatives: tuple[Alternative, ...] = ()
    negated: bool = False
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """The reference ``parameter`` leads to a resource that fulfils the condition of its type.

    ``targets``: resource type, the ``url`` parameter of that type where it has one (a canonical leads to it),
    condition. ``bases``: what stands before a reference to here.
    """

    parameter: Parameter
    targets: tuple[tuple[str, Parameter | None, Condition], ...]
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReverseChain:
    """Some resource of ``parameter.resource_type`` that fulfils ``condition`` refers here by ``parameter``
    (``_has``).

    ``url``: the ``url`` parameter of the own type where it has one (a canonical leads to it).
    """

    parameter: Parameter
    own_type: str
    condition: Condition
    bases: tuple[str, ...]
    url: Parameter | None = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of the conditions is fulfilled."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the conditions, on resources of this type, is fulfilled."""

    resource_type: str
    conditions: tuple[Condition, ...]


Condition = Criterion | Chain | ReverseChain | AnyOf | AllOf
