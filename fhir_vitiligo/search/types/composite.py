"""Composite: values of one element together, ``code$value`` (https://hl7.org/fhir/R4/search.html#combining).

The rows of a composite are the rows of its components side by side, for every element that has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

from fhir_vitiligo.search.types.base import Alternative, Context, Row, SearchType, Test, bad_value, split
from fhir_vitiligo.search.types.quantity import CANONICAL, QUANTITY

_MOST_ROWS = 1000  # of one element: a hostile one could have thousands of codes and values


@cache
def composite(*components: SearchType) -> SearchType:
    """The type of composites of these component types, in this order.

    Its values are tuples: of each component the values within one element. It has a column for each of its
    components' columns, with the component's number behind its name.
    """
    columns = tuple(
        replace(column, name=f"{column.name}{number}")
        for number, component in enumerate(components, 1)
        for column in component.columns
    )

    def rows(value: Any) -> Iterator[Row]:
        of_each = [
            [row for inner in values for row in component.rows(inner)]
            for component, values in zip(components, value, strict=True)
        ]
        for count, combination in enumerate(product(*of_each)):
            if count == _MOST_ROWS:
                return
            yield tuple(cell for row in combination for cell in row)

    def parse(text: str, modifier: str | None, context: Context) -> tuple[Alternative, ...]:
        parts = split(text, "$")
        if len(parts) != len(components) or not all(parts):
            form = "$".join(component.name for component in components)
            raise bad_value(text, f"a composite is written {form}")
        of_each = [
            [tuple(_numbered(test, number) for test in alternative) for alternative in found]
            for number, (component, part) in enumerate(zip(components, parts, strict=True), 1)
            for found in (component.parse(part, None, context),)
        ]
        return tuple(
            tuple(test for tests in combination for test in tests) for combination in product(*of_each)
        )

    name = "_".join(component.name for component in components)
    return SearchType(f"composite_{name}", columns, rows, parse)


def canonical(kind: SearchType, components: tuple[SearchType, ...]) -> SearchType | None:
    """The composite with its quantities in base units; None for one without quantities."""
    if QUANTITY not in components:
        return None
    return composite(*(CANONICAL if one is QUANTITY else one for one in components))


def _numbered(test: Test, number: int) -> Test:
    return replace(test, column=f"{test.column}{number}")
