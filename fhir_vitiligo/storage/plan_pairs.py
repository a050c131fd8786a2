"""Two conditions as one, where the index has the rows of both side by side: what is found of a patient by a code.

The driver of a search is one condition, and each of its results is looked up for the others. Of a patient with a
thousand observations that is a thousand look-ups to find the five body weights; the pair reads five rows.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from fhir_vitiligo.search.criteria import Condition, Criterion
from fhir_vitiligo.search.types.base import Alternative
from fhir_vitiligo.search.types.composite import composite
from fhir_vitiligo.search.types.reference import REFERENCE
from fhir_vitiligo.search.types.token import TOKEN

PAIR = composite(REFERENCE, TOKEN)
_MOST_ALTERNATIVES = 40


def paired(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions with the first two that make a pair replaced by it; they say the same."""
    for one in conditions:
        if isinstance(one, Criterion) and one.parameter.pairs and _is_plain(one):
            for other in conditions:
                if (
                    isinstance(other, Criterion)
                    and other.parameter in one.parameter.pairs
                    and _is_plain(other)
                ):
                    pair = one.parameter.pairs[other.parameter]
                    alternatives = tuple(
                        (*_numbered(a, 1), *_numbered(b, 2))
                        for a, b in product(one.alternatives, other.alternatives)
                    )
                    if len(alternatives) <= _MOST_ALTERNATIVES:
                        rest = tuple(each for each in conditions if each is not one and each is not other)
                        return (Criterion(pair, alternatives), *rest)
    return conditions


def _is_plain(criterion: Criterion) -> bool:
    """Whether there has to be a row, of which values are named."""
    return (
        bool(criterion.alternatives)
        and not criterion.negated
        and criterion.missing is None
        and all(test.operator == "=" for found in criterion.alternatives for test in found)
    )


def _numbered(alternative: Alternative, number: int) -> Alternative:
    """The tests on the columns of the composite."""
    return tuple(replace(test, column=f"{test.column}{number}") for test in alternative)
