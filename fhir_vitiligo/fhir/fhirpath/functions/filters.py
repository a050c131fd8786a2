"""Functions that ask an expression of each item (http://hl7.org/fhirpath/N1/#filtering-and-projection, #aggregates).

Within it ``$this`` is the item and ``$index`` its place from 0.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key

from fhir_vitiligo.fhir.fhirpath.code import EMPTY, Code, any_of, from_truth
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item
from fhir_vitiligo.fhir.fhirpath.syntax import Call, Polarity
from fhir_vitiligo.fhir.fhirpath.values import Distinct, charge, compare, value_of


def _where(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    with compiler.within(source.kind):
        holds = compiler.truth(call.arguments[0])

    def where(this: Item | None, env: Environment) -> Collection:
        items = run(this, env)
        if not items:
            return EMPTY
        outer, found = env.index, []
        env.steps -= len(items)
        if env.steps < 0:
            charge(env, place, 0)
        for index, item in enumerate(items):
            env.index = index
            if holds(item, env) is True:
                found.append(item)
        env.index = outer
        return found

    def some(this: Item | None, env: Environment) -> bool:
        items = run(this, env)
        if not items:
            return False
        outer, found = env.index, False
        env.steps -= len(items)
        if env.steps < 0:
            charge(env, place, 0)
        for index, item in enumerate(items):
            env.index = index
            if holds(item, env) is True:
                found = True
                break
        env.index = outer
        return found

    return Code(where, any=some, kind=source.kind)


def _exists(compiler: Compiler, call: Call, source: Code) -> Code:
    if call.arguments:
        source = _where(compiler, call, source)
    return from_truth(any_of(source))


def _all(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    with compiler.within(source.kind):
        holds = compiler.truth(call.arguments[0])

    def truth(this: Item | None, env: Environment) -> bool:
        items = run(this, env)
        outer, found = env.index, True
        env.steps -= len(items)
        if env.steps < 0:
            charge(env, place, 0)
        for index, item in enumerate(items):
            env.index = index
            if holds(item, env) is not True:
                found = False
                break
        env.index = outer
        return found

    return from_truth(truth)


def _select(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    with compiler.within(source.kind):
        projected = compiler.compile(call.arguments[0])
    project = projected.run

    def select(this: Item | None, env: Environment) -> Collection:
        items = run(this, env)
        outer = env.index
        found: Collection = []
        env.steps -= len(items)
        if env.steps < 0:
            charge(env, place, 0)
        for index, item in enumerate(items):
            env.index = index
            found += project(item, env)
        env.index = outer
        charge(env, place, len(found))
        return found

    return Code(select, kind=projected.kind)


def _repeat(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    # What is found is looked into again, and need not be of the type the first was.
    with compiler.within(None):
        project = compiler.compile(call.arguments[0]).run

    def repeat(this: Item | None, env: Environment) -> Collection:
        found: Collection = []
        seen = Distinct(env, place)
        level = run(this, env)
        outer = env.index
        while level:
            below: Collection = []
            for index, item in enumerate(level):
                env.index = index
                made = project(item, env)
                charge(env, place, 5 * len(made) + 1)
                below += [one for one in made if seen.add(one)]
            found += below
            level = below
        env.index = outer
        return found

    return Code(repeat)


def _aggregate(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    with compiler.within(source.kind):
        aggregator = compiler.compile(call.arguments[0]).run
    start = compiler.compile(call.arguments[1]).run if len(call.arguments) > 1 else lambda this, env: EMPTY

    def aggregate(this: Item | None, env: Environment) -> Collection:
        items, total = run(this, env), start(this, env)
        outer = env.index, env.total
        for index, item in enumerate(items):
            env.index, env.total = index, total
            total = aggregator(item, env)
            charge(env, place, len(total) + 1)
        env.index, env.total = outer
        return total

    return Code(aggregate)


def _iif(compiler: Compiler, call: Call, source: Code) -> Code:
    place = compiler.place(call)
    # Its input may be empty, and $this then nothing.
    with compiler.within(compiler.focus if call.of is None else None):
        criterion = compiler.scalar(call.arguments[0], "for the criterion of iif()")
        chosen = [compiler.compile(argument).run for argument in call.arguments[1:]]
    yes, no = chosen[0], chosen[1] if len(chosen) > 1 else lambda this, env: EMPTY
    run = None if call.of is None else source.run

    def iif(this: Item | None, env: Environment) -> Collection:
        if run is not None:
            items = run(this, env)
            if len(items) > 1:
                raise place.error(f"iif() is for one item, here are {len(items)}")
            this = items[0] if items else None
        truth = criterion(this, env)
        if truth is True:
            return yes(this, env)
        if truth is False or truth is None:
            return no(this, env)
        raise place.error("the criterion of iif() is not a Boolean", "semantic")

    return Code(iif)


def _sort(compiler: Compiler, call: Call, source: Code) -> Code:
    """By the arguments in turn, by the items themselves when there are none; a minus in front turns the order."""
    run, place = source.run, compiler.place(call)
    keys = []
    for argument in call.arguments:
        turned = isinstance(argument, Polarity) and argument.sign == "-"
        operand = argument.operand if isinstance(argument, Polarity) and turned else argument
        with compiler.within(source.kind):
            keys.append((compiler.scalar(operand, "as a key to sort by"), -1 if turned else 1))
    if not keys:
        keys = [(lambda this, env: value_of(this), 1)]

    def sort(this: Item | None, env: Environment) -> Collection:
        items = run(this, env)
        charge(env, place, len(items) * 10)
        decorated = [([key(item, env) for key, _ in keys], item) for item in items]

        def order(a: tuple[list[object], Item], b: tuple[list[object], Item]) -> int:
            for one, other, (_, sign) in zip(a[0], b[0], keys, strict=True):
                if one is None or other is None:
                    # What has no key comes first either way: a minus before nothing is nothing.
                    found = (one is not None) - (other is not None)
                else:
                    found = sign * (compare(one, other, place) or 0)
                if found:
                    return found
            return 0

        return [item for _, item in sorted(decorated, key=cmp_to_key(order))]

    return Code(sort, any=source.any, kind=source.kind)


Factories = dict[str, tuple[Callable[[Compiler, Call, Code], Code], int, int]]
FUNCTIONS: dict[str, tuple[Factory, int, int]] = {
    "exists": (_exists, 0, 1),
    "where": (_where, 1, 1),
    "all": (_all, 1, 1),
    "select": (_select, 1, 1),
    "repeat": (_repeat, 1, 1),
    "aggregate": (_aggregate, 1, 2),
    "iif": (_iif, 2, 3),
    "sort": (_sort, 0, 20),
}
