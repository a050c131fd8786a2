"""Plans kept by the shape of their query: what is asked, whatever the values are.

A server is asked the same few kinds of things over and over. The SQL of a plan depends on the parameters, operators
and sort keys of a query alone; the values are its arguments. So a plan is made once for a query with numbered
places for its values, and filled in for every other one of its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from itertools import count
from typing import Any

from fhir_vitiligo.search.criteria import AllOf, AnyOf, Chain, Condition, Criterion, ReverseChain
from fhir_vitiligo.search.parameters import Parameter
from fhir_vitiligo.search.query import SearchQuery, Selection
from fhir_vitiligo.search.types.base import Scalar, Test
from fhir_vitiligo.storage.plan import Plan, plan
from fhir_vitiligo.storage.plan_statement import Statement

_MOST_KEPT = 500
_AS_IT_IS = frozenset({"in", "near"})  # their values are more than one argument, and rarely come again


class _Place(str):
    """Where the value of a number goes; a text, so that a plan takes it for a value."""

    __slots__ = ("number",)

    def __new__(cls, number: int) -> _Place:
        made = super().__new__(cls, number)
        made.number = number
        return made

    number: int


class Plans:
    """:func:`~fhir_vitiligo.storage.plan.plan` with a memory. ``type_of`` and ``number_of`` as there."""

    def __init__(self, type_of: Callable[[str], int], number_of: Callable[[Parameter], int]) -> None:
        self._type_of = type_of
        self._number_of = number_of
        self._kept: dict[Hashable, _Kept] = {}

    def __call__(self, query: SearchQuery) -> FilledPlan:
        values: list[Any] = []
        key = _shape_of_query(query, values)
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            made = plan(_with_places(query), self._type_of, self._number_of)
            kept = self._kept[key] = _Kept(made)
        return FilledPlan(kept, values)


class _Kept:
    def __init__(self, made: Plan) -> None:
        self.page = made.page
        self._made = made
        self._total: Statement | None = None

    @property
    def total(self) -> Statement:
        if self._total is None:
            self._total = self._made.total()
        return self._total


class FilledPlan:
    """A plan with the values of one query: ``page`` and :meth:`total` are those of
    :class:`~fhir_vitiligo.storage.plan.Plan`.
    """

    def __init__(self, kept: _Kept, values: list[Any]) -> None:
        self._kept = kept
        self._values = values
        self.page = None if kept.page is None else self._filled(kept.page)

    def total(self) -> Statement:
        return self._filled(self._kept.total)

    def _filled(self, statement: Statement) -> Statement:
        values = self._values
        return Statement(
            statement.sql,
            tuple([values[one.number] if type(one) is _Place else one for one in statement.arguments]),
        )


# The shape, and in the same order the values. Both walks have to meet the values in one order.


def _shape_of_query(query: SearchQuery, values: list[Any]) -> Hashable:
    selections = tuple(
        [
            (
                one.resource_type,
                tuple([_shape(condition, values) for condition in one.criteria]),
                tuple([(key.parameter, key.descending) for key in one.sort]),
            )
            for one in query.selections
        ]
    )
    values += query.after
    return (bool(query.resource_type), query.count, selections, tuple([one is None for one in query.after]))


def _shape(condition: Condition, values: list[Any]) -> Hashable:
    match condition:
        case Criterion(parameter, alternatives, negated, missing):
            tests: list[Any] = [parameter, negated, missing]
            for alternative in alternatives:
                tests.append(len(alternative))
                for test in alternative:
                    tests += (test.column, test.operator)
                    if test.operator in _AS_IT_IS:
                        tests.append(test.value)
                    else:
                        values.append(test.value)
                        if test.operator == "prefix":
                            values.append(_behind_prefix(test))
            return tuple(tests)
        case Chain(parameter, targets, bases):
            inner = [(kind, url, _shape(each, values)) for kind, url, each in targets]
            return (Chain, parameter, bases, tuple(inner))
        case ReverseChain(parameter, own_type, inside, bases, url):
            return (ReverseChain, parameter, own_type, bases, url, _shape(inside, values))
        case AnyOf(conditions):
            return (AnyOf, tuple([_shape(one, values) for one in conditions]))
        case AllOf(resource_type, conditions):
            return (AllOf, resource_type, tuple([_shape(one, values) for one in conditions]))


def _with_places(query: SearchQuery) -> SearchQuery:
    places = map(_Place, count())
    selections = tuple(
        Selection(one.resource_type, tuple(_placed(each, places) for each in one.criteria), one.sort)
        for one in query.selections
    )
    after = tuple(None if value is None else place for value, place in zip(query.after, places, strict=False))
    if not query.resource_type:
        return replace(query, parts=selections, after=after)
    return replace(query, criteria=selections[0].criteria, after=after)


def _placed(condition: Condition, places: map[_Place]) -> Condition:
    match condition:
        case Criterion(_, alternatives):
            return replace(
                condition,
                alternatives=tuple(
                    tuple(placed for test in alternative for placed in _placed_test(test, places))
                    for alternative in alternatives
                ),
            )
        case Chain(_, targets):
            return replace(
                condition, targets=tuple((kind, url, _placed(each, places)) for kind, url, each in targets)
            )
        case ReverseChain():
            return replace(condition, condition=_placed(condition.condition, places))
        case AnyOf(conditions) | AllOf(_, conditions):
            return replace(condition, conditions=tuple(_placed(one, places) for one in conditions))


def _placed_test(test: Test, places: map[_Place]) -> tuple[Test, ...]:
    if test.operator in _AS_IT_IS:
        return (test,)
    if test.operator == "prefix":
        return (Test(test.column, ">=", next(places)), Test(test.column, "<", next(places)))
    return (replace(test, value=next(places)),)


def _behind_prefix(test: Test) -> Scalar:
    """Text is compared by code points, of which U+10FFFF is the last."""
    assert isinstance(test.value, str)
    return test.value + "\U0010ffff"
