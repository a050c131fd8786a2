"""Which condition of a search drives it: the one that is likely to leave the fewest resources is read from its index,
the others are looked up for what it finds.
"""

from __future__ import annotations

from fhir_vitiligo.search.criteria import AllOf, AnyOf, Chain, Condition, Criterion, ReverseChain
from fhir_vitiligo.storage.plan_pairs import PAIR


def names_ids(condition: Condition) -> bool:
    """Whether it says which resources may be found, by their ids."""
    return (
        isinstance(condition, Criterion)
        and "id" in (condition.parameter.stored or ())
        and bool(condition.alternatives)
        and not condition.negated
    )


def drives(condition: Condition) -> bool:
    """Only what has to be there can be read from an index first."""
    match condition:
        case Criterion(parameter, alternatives, negated, missing):
            return parameter.stored is None and not negated and missing is None and bool(alternatives)
        case AnyOf(conditions):
            return all(map(drives, conditions))
        case AllOf(_, conditions):
            return any(map(drives, conditions))
        case _:
            return True


def selectivity(condition: Condition) -> int:
    """How few resources the condition is likely to leave: what names one thing before what names a kind of
    thing.
    """
    match condition:
        case Criterion(parameter):
            if names_ids(condition):
                return 20
            kind = parameter.type.name
            if kind == "token" and parameter.code == "identifier":
                return 18
            if parameter.type is PAIR:
                return 17
            return {"uri": 16, "reference": 14, "string": 10, "token": 8, "quantity": 6, "number": 4}.get(
                kind, 2
            )
        case Chain(_, targets):
            return min(selectivity(inner) for _, _, inner in targets) - 1
        case ReverseChain(_, _, inner):
            return selectivity(inner) - 1
        case AnyOf(conditions):
            return min(map(selectivity, conditions))
        case AllOf(_, conditions):
            return max(map(selectivity, filter(drives, conditions)), default=0)
