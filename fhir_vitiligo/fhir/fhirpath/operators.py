"""The operators (http://hl7.org/fhirpath/N1/#operations): equality, order, logic of three values, collections, types.

Arithmetic has its own module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_vitiligo.fhir.fhirpath import arithmetic
from fhir_vitiligo.fhir.fhirpath.casting import typed
from fhir_vitiligo.fhir.fhirpath.code import (
    Code,
    Scalar,
    any_of,
    from_scalar,
    from_truth,
    scalar_of,
    truth_of,
)
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item, Node
from fhir_vitiligo.fhir.fhirpath.paths import text_test
from fhir_vitiligo.fhir.fhirpath.syntax import Binary, Polarity, TypeOperator
from fhir_vitiligo.fhir.fhirpath.values import (
    Distinct,
    charge,
    collections_equal,
    collections_equivalent,
    compare,
    equal,
)


def binary(compiler: Compiler, node: Binary) -> Code:
    place = compiler.place(node)
    terms = [compiler.compile(term) for term in node.terms]
    match node.operator:
        case "and":
            return from_truth(_and([truth_of(term, place) for term in terms]))
        case "or":
            return from_truth(_or([truth_of(term, place) for term in terms]))
        case "xor":
            return from_truth(_xor(*(truth_of(term, place) for term in terms)))
        case "implies":
            return from_truth(_implies(*(truth_of(term, place) for term in terms)))
        case "=" | "!=":
            return _equality(terms[0], terms[1], node.operator == "=")
        case "~" | "!~":
            return _equivalence(terms[0], terms[1], node.operator == "~", place)
        case "<" | ">" | "<=" | ">=":
            return _order(terms[0], terms[1], node.operator, place)
        case "|":
            return union(terms, place)
        case "in":
            return _membership(terms[0], terms[1], place, compiler.strict)
        case "contains":
            return _membership(terms[1], terms[0], place, compiler.strict)
        case operator:
            return arithmetic.operation(operator, terms, place)


def polarity(compiler: Compiler, node: Polarity) -> Code:
    place = compiler.place(node)
    operand = compiler.compile(node.operand)
    scalar = scalar_of(operand, place, f"after {node.sign}")
    negative = node.sign == "-"

    def signed(this: Item | None, env: Environment) -> Any:
        value = scalar(this, env)
        return None if value is None else arithmetic.signed(value, negative, place)

    return from_scalar(signed, operand.static)


def type_operator(compiler: Compiler, node: TypeOperator) -> Code:
    return typed(compiler, node.operator, compiler.compile(node.operand), node.type, compiler.place(node))


# Logic of true, false and empty, which is None here.


def _and(truths: list[Scalar]) -> Scalar:
    if len(truths) == 2:
        left, right = truths

        def both(this: Item | None, env: Environment) -> bool | None:
            a = left(this, env)
            if a is False:
                return False
            b = right(this, env)
            return b if a is True or b is False else None

        return both

    def every(this: Item | None, env: Environment) -> bool | None:
        total: bool | None = True
        for truth in truths:
            value = truth(this, env)
            if value is False:
                return False
            if value is None:
                total = None
        return total

    return every


def _or(truths: list[Scalar]) -> Scalar:
    if len(truths) == 2:
        left, right = truths

        def either(this: Item | None, env: Environment) -> bool | None:
            a = left(this, env)
            if a is True:
                return True
            b = right(this, env)
            return b if a is False or b is True else None

        return either

    def some(this: Item | None, env: Environment) -> bool | None:
        total: bool | None = False
        for truth in truths:
            value = truth(this, env)
            if value is True:
                return True
            if value is None:
                total = None
        return total

    return some


def _xor(left: Scalar, right: Scalar) -> Scalar:
    def truth(this: Item | None, env: Environment) -> bool | None:
        a, b = left(this, env), right(this, env)
        return None if a is None or b is None else a is not b

    return truth


def _implies(left: Scalar, right: Scalar) -> Scalar:
    def truth(this: Item | None, env: Environment) -> bool | None:
        a = left(this, env)
        if a is False:
            return True
        b = right(this, env)
        if a is True or b is True:
            return b  # type: ignore[no-any-return]
        return None

    return truth


# Equality and order.


def _equality(left: Code, right: Code, wanted: bool) -> Code:
    if left.scalar is None and right.scalar is not None and right.static == "String":
        return from_truth(_equals_text(left, right, wanted))
    if left.scalar is not None and right.scalar is not None:
        a, b = left.scalar, right.scalar

        def values(this: Item | None, env: Environment) -> bool | None:
            one, other = a(this, env), b(this, env)
            if one is None or other is None:
                return None
            same = equal(one, other)
            return None if same is None else same is wanted

        return from_truth(values)
    first, second = left.run, right.run

    def truth(this: Item | None, env: Environment) -> bool | None:
        same = collections_equal(first(this, env), second(this, env))
        return None if same is None else same is wanted

    return from_truth(truth)


def _equals_text(left: Code, right: Code, wanted: bool) -> Scalar:
    """An element and a text."""
    run, text = left.run, right.scalar
    assert text is not None

    def truth(this: Item | None, env: Environment) -> bool | None:
        items = run(this, env)
        if not items:
            return None
        other = text(this, env)
        if other is None:
            return None
        if len(items) > 1:
            return not wanted
        item = items[0]
        value = item.system() if type(item) is Node else item
        return ((value == other) if type(value) is str else equal(item, other) is True) is wanted

    return text_test(left, right.value, wanted, truth) if type(right.value) is str else truth


def _equivalence(left: Code, right: Code, wanted: bool, place: Place) -> Code:
    first, second = left.run, right.run
    return from_truth(
        lambda this, env: collections_equivalent(first(this, env), second(this, env), env, place) is wanted
    )


_ORDERS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


def _order(left: Code, right: Code, operator: str, place: Place) -> Code:
    a = scalar_of(left, place, f"before {operator}")
    b = scalar_of(right, place, f"after {operator}")
    holds = _ORDERS[operator]

    def truth(this: Item | None, env: Environment) -> bool | None:
        one, other = a(this, env), b(this, env)
        if one is None or other is None:
            return None
        order = compare(one, other, place)
        return None if order is None else holds(order)

    return from_truth(truth)


# Collections.


def union(terms: list[Code], place: Place) -> Code:
    """``|``: all items once."""
    runs = [term.run for term in terms]

    def run(this: Item | None, env: Environment) -> Collection:
        found: Collection = []
        seen = Distinct(env, place)
        for part in runs:
            items = part(this, env)
            env.steps -= len(items)
            found += [item for item in items if seen.add(item)]
        return found

    tests = [any_of(term) for term in terms]
    return Code(run, any=lambda this, env: any(test(this, env) for test in tests))


def _membership(item: Code, collection: Code, place: Place, strict: bool) -> Code:
    """``in`` and, turned round, ``contains``.

    The specification has one item looked for; core's own tim-9 looks for several, and HL7's engine then answers
    whether all are there. Only ``strict`` refuses them.
    """
    one, many = item.run, collection.run

    def truth(this: Item | None, env: Environment) -> bool | None:
        items = one(this, env)
        if not items:
            return None
        if strict and len(items) > 1:
            raise place.error(f"{len(items)} items where only one can be looked for in a collection")
        others = many(this, env)
        env.steps -= len(others) * len(items)
        if env.steps < 0:
            charge(env, place, 0)
        return all(any(equal(wanted, other) for other in others) for wanted in items)

    return from_truth(truth)
