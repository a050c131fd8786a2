"""Steps of a path: elements by name, and indexes (http://hl7.org/fhirpath/N1/#path-selection).

Where the type of what is looked into is known when compiling, so is the JSON key, and most questions (is it there, is
it this text) are answered from the JSON without a node; everything out of the ordinary takes the general way.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.fhirpath.code import EMPTY, NOTHING, Code, Run, Test
from fhir_vitiligo.fhir.fhirpath.model import Choice, Type
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item, Node, complexes, primitives
from fhir_vitiligo.fhir.fhirpath.quantity import Quantity
from fhir_vitiligo.fhir.fhirpath.reflection import TypeInfo


def children(item: Item, name: str) -> Collection:
    """The elements of this name of any item; System values have few."""
    if type(item) is Node:
        if name == "value" and item.type.primitive:
            value = item.system()
            return EMPTY if value is None else [value]
        return item.children(name)
    if type(item) is TypeInfo and name in ("namespace", "name"):
        return [getattr(item, name)]
    if type(item) is Quantity and name in ("value", "unit"):
        return [getattr(item, name)]
    return EMPTY


def first_step(name: str, focus: Type | None, is_type: bool) -> Code:
    """An element of ``$this``, whose type is ``focus`` where known; or ``$this`` itself when the name is its type's."""
    if focus is not None and not focus.primitive:
        if is_type and name in focus.ancestors:
            return Code(_this, any=_is_there, kind=focus)
        return _known_step(name, focus)
    if is_type:
        return Code(lambda this, env: [this] if _is_a(this, name) else children(this, name))

    def any_(this: Item | None, env: Environment) -> bool:
        return (
            this.has(name) if type(this) is Node and not this.type.primitive else bool(children(this, name))
        )

    return Code(lambda this, env: children(this, name), any=any_)


def _this(this: Item | None, env: Environment) -> Collection:
    return EMPTY if this is None else [this]


def _is_there(this: Item | None, env: Environment) -> bool:
    return this is not None


def _is_a(this: Item | None, name: str) -> bool:
    return type(this) is Node and name in this.type.ancestors


def _known_step(name: str, focus: Type) -> Code:
    choices = focus.members[name]
    if not choices:
        return NOTHING
    if len(choices) > 1:
        keys = frozenset(
            key for choice in choices for key in (choice.key, choice.companion) if key is not None
        )

        def one_of(this: Node, env: Environment) -> bool:
            value = this.value
            return type(value) is dict and not keys.isdisjoint(value) and this.has(name)

        return Code(lambda this, env: this.children(name), any=one_of)
    choice = choices[0]
    return Code(_read(choice), any=_present(choice), kind=choice.type, read=choice)


def _read(choice: Choice) -> Run:
    key, kind, name = choice.key, choice.type, choice.name
    if choice.companion is None and kind is not None:

        def read(this: Node, env: Environment) -> Collection:
            value = this.value
            if type(value) is not dict:
                return EMPTY
            found = value.get(key)
            if found is None:
                return EMPTY
            return (
                complexes(this, choice, found)
                if type(found) is list
                else [Node(found, kind, None, this, name)]
            )

        return read
    return lambda this, env: this.children(name)


def _present(choice: Choice) -> Test:
    key, companion, name = choice.key, choice.companion, choice.name

    def present(this: Node, env: Environment) -> bool:
        value = this.value
        if type(value) is not dict:
            return False
        found = value.get(key)
        if found is None:
            return companion is not None and companion in value and this.has(name)
        return type(found) is not list or this.has(name)

    return present


def step(source: Code, name: str) -> Code:
    """``source.name``."""
    kind = source.kind
    if kind is not None and not kind.primitive:
        choices = kind.members[name]
        if not choices:
            return NOTHING
        if len(choices) == 1 and choices[0].type is not None:
            return _further_step(source.run, choices[0])
    before = source.run

    def run(this: Item | None, env: Environment) -> Collection:
        items = before(this, env)
        if len(items) == 1:
            return children(items[0], name)
        found: Collection = []
        for item in items:
            found += children(item, name)
        env.steps -= len(found)
        return found

    def any_(this: Item | None, env: Environment) -> bool:
        for item in before(this, env):
            if type(item) is Node and not item.type.primitive:
                if item.has(name):
                    return True
            elif children(item, name):
                return True
        return False

    return Code(run, any=any_)


def _further_step(before: Run, choice: Choice) -> Code:
    key, companion, kind, name = choice.key, choice.companion, choice.type, choice.name
    assert kind is not None

    def run(this: Item | None, env: Environment) -> Collection:
        found: Collection = []
        for item in before(this, env):
            value = item.value
            if type(value) is not dict:
                continue
            inside = value.get(key)
            beside = None if companion is None else value.get(companion)
            if beside is not None:
                found += primitives(item, choice, inside, beside)
            elif inside is None:
                continue
            elif type(inside) is list:
                found += complexes(item, choice, inside)
            else:
                found.append(Node(inside, kind, None, item, name))
        env.steps -= len(found)
        return found

    present = _present(choice)

    def any_(this: Item | None, env: Environment) -> bool:
        for item in before(this, env):  # noqa: SIM110 - a generator costs more than the loop
            if present(item, env):
                return True
        return False

    return Code(run, any=any_, kind=kind)


def text_test(code: Code, text: str, wanted: bool, otherwise: Any) -> Any:
    """Whether an element is (or, ``wanted`` false, is not) a text: the commonest question of all."""
    choice = code.read
    if choice is None or choice.type is None or not choice.type.textual:
        return otherwise
    key = choice.key

    def truth(this: Node, env: Environment) -> bool | None:
        value = this.value
        if type(value) is dict:
            found = value.get(key)
            if type(found) is str:
                return (found == text) is wanted
        return otherwise(this, env)  # type: ignore[no-any-return]

    return truth


def value_reader(code: Code, otherwise: Any) -> Any:
    """The System value of an element that is a single primitive."""
    choice = code.read
    if choice is None or choice.type is None or not choice.type.primitive:
        return otherwise
    key, convert = choice.key, choice.type.convert
    assert convert is not None

    def scalar(this: Node, env: Environment) -> Any:
        value = this.value
        if type(value) is dict:
            found = value.get(key)
            if found is not None and type(found) is not list:
                return convert(found)
        return otherwise(this, env)

    return scalar
