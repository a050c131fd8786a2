"""Existence, subsets and combinations of collections (http://hl7.org/fhirpath/N1/#existence, #subsetting, #combining)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_vitiligo.fhir.fhirpath.code import EMPTY, Code, any_of, from_scalar, from_truth
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item, Node, descendants
from fhir_vitiligo.fhir.fhirpath.operators import union
from fhir_vitiligo.fhir.fhirpath.paths import children
from fhir_vitiligo.fhir.fhirpath.syntax import Call, Member
from fhir_vitiligo.fhir.fhirpath.values import Distinct, charge, type_of, value_of


def _empty(compiler: Compiler, call: Call, source: Code) -> Code:
    present = any_of(source)
    return from_truth(lambda this, env: not present(this, env))


def _count(compiler: Compiler, call: Call, source: Code) -> Code:
    run, choice = source.run, source.read
    if choice is None:
        return from_scalar(lambda this, env: len(run(this, env)), "Integer")
    key, companion = choice.key, choice.companion

    def count(this: Node, env: Environment) -> int:
        value = this.value
        if type(value) is dict and (companion is None or companion not in value):
            found = value.get(key)
            if type(found) is not list:
                return 0 if found is None else 1
        return len(run(this, env))

    return from_scalar(count, "Integer")


def _of_truths(name: str, wanted: bool, least: Callable[[list[bool]], bool]) -> Factory:
    """``allTrue`` and its kin: over a collection of Booleans."""

    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        run, place = source.run, compiler.place(call)

        def truth(this: Item | None, env: Environment) -> bool:
            found = []
            for item in run(this, env):
                value = value_of(item)
                if value is not True and value is not False:
                    raise place.error(f"{name}() is for Booleans, here is a {type_of(item)}")
                found.append(value is wanted)
            return least(found)

        return from_truth(truth)

    return factory


def _subset(turned: bool) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        inner, outer = source.run, compiler.compile(call.arguments[0]).run
        if turned:
            inner, outer = outer, inner

        def truth(this: Item | None, env: Environment) -> bool:
            whole = Distinct(env, place, outer(this, env))
            return all(item in whole for item in inner(this, env))

        return from_truth(truth)

    return factory


def _distinct(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)

    def distinct(this: Item | None, env: Environment) -> Collection:
        seen = Distinct(env, place)
        return [item for item in run(this, env) if seen.add(item)]

    return Code(distinct, any=source.any, kind=source.kind)


def _is_distinct(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)

    def truth(this: Item | None, env: Environment) -> bool:
        items = run(this, env)
        if len(items) < 2:
            return True
        seen = Distinct(env, place)
        return all(seen.add(item) for item in items)

    return from_truth(truth)


# Subsetting.


def _slice(choose: Callable[[Collection], Collection]) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        run = source.run
        return Code(lambda this, env: choose(run(this, env)), kind=source.kind)

    return factory


def _first(compiler: Compiler, call: Call, source: Code) -> Code:
    if not isinstance(call.of, Member) or call.of.of is None:
        return _slice(lambda items: items[:1])(compiler, call, source)
    before, name = compiler.compile(call.of.of).run, call.of.name

    def first(this: Item | None, env: Environment) -> Collection:
        # Of thousands of elements, as sdf-8 asks for each of them, only one is made.
        for item in before(this, env):
            found = item.first_child(name) if type(item) is Node and not item.type.primitive else None
            if found is not None:
                return [found]
            if others := children(item, name):
                return others[:1]
        return EMPTY

    return Code(first, kind=source.kind)


def _single(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)

    def single(this: Item | None, env: Environment) -> Collection:
        items = run(this, env)
        if len(items) > 1:
            raise place.error(f"single() is for one item, here are {len(items)}")
        return items

    return Code(single, kind=source.kind)


def _counted(choose: Callable[[Collection, int], Collection]) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        run = source.run
        number = compiler.typed(call.arguments[0], int, "Integer")

        def chosen(this: Item | None, env: Environment) -> Collection:
            count = number(this, env)
            return EMPTY if count is None else choose(run(this, env), max(count, 0))

        return Code(chosen, kind=source.kind)

    return factory


def _filtered_by(wanted: bool, once: bool) -> Factory:
    """``intersect`` and ``exclude``: the items that another collection holds, or does not."""

    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        place = compiler.place(call)
        run, other = source.run, compiler.compile(call.arguments[0]).run

        def filtered(this: Item | None, env: Environment) -> Collection:
            items = run(this, env)
            if not items:
                return EMPTY
            held = Distinct(env, place, other(this, env))
            seen = Distinct(env, place)
            return [item for item in items if (item in held) is wanted and (not once or seen.add(item))]

        return Code(filtered, kind=source.kind)

    return factory


# Combining.


def _union(compiler: Compiler, call: Call, source: Code) -> Code:
    return union([source, compiler.compile(call.arguments[0])], compiler.place(call))


def _combine(compiler: Compiler, call: Call, source: Code) -> Code:
    place = compiler.place(call)
    run, other = source.run, compiler.compile(call.arguments[0]).run

    def combine(this: Item | None, env: Environment) -> Collection:
        found = run(this, env) + other(this, env)
        charge(env, place, len(found))
        return found

    return Code(combine)


# Tree navigation.


def _children(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)

    def inside(this: Item | None, env: Environment) -> Collection:
        found: Collection = []
        for item in run(this, env):
            if type(item) is Node:
                found += item.all_children()
        charge(env, place, len(found))
        return found

    return Code(inside)


def _descendants(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)

    def below(this: Item | None, env: Environment) -> Collection:
        found: Collection = []
        for item in run(this, env):
            if type(item) is Node:
                for node in descendants(item):
                    found.append(node)
                    env.steps -= 1
                    if env.steps < 0:
                        charge(env, place, 0)
        return found

    return Code(below)


def _at_least_one(found: list[bool]) -> bool:
    return any(found)


_TABLE: dict[str, tuple[Any, int, int]] = {
    "empty": (_empty, 0, 0),
    "count": (_count, 0, 0),
    "allTrue": (_of_truths("allTrue", True, all), 0, 0),
    "anyTrue": (_of_truths("anyTrue", True, _at_least_one), 0, 0),
    "allFalse": (_of_truths("allFalse", False, all), 0, 0),
    "anyFalse": (_of_truths("anyFalse", False, _at_least_one), 0, 0),
    "subsetOf": (_subset(False), 1, 1),
    "supersetOf": (_subset(True), 1, 1),
    "distinct": (_distinct, 0, 0),
    "isDistinct": (_is_distinct, 0, 0),
    "single": (_single, 0, 0),
    "first": (_first, 0, 0),
    "last": (_slice(lambda items: items[-1:]), 0, 0),
    "tail": (_slice(lambda items: items[1:]), 0, 0),
    "skip": (_counted(lambda items, count: items[count:]), 1, 1),
    "take": (_counted(lambda items, count: items[:count]), 1, 1),
    "intersect": (_filtered_by(True, once=True), 1, 1),
    "exclude": (_filtered_by(False, once=False), 1, 1),
    "union": (_union, 1, 1),
    "combine": (_combine, 1, 1),
    "children": (_children, 0, 0),
    "descendants": (_descendants, 0, 0),
}
FUNCTIONS: dict[str, tuple[Factory, int, int]] = _TABLE
