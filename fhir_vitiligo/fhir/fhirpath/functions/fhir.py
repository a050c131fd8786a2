"""The functions FHIR adds (https://hl7.org/fhir/R4/fhirpath.html#functions).

What they ask of the world (a reference's target, a value set, a profile) the environment answers.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.fhir.fhirpath.code import Code, Scalar, from_scalar, from_truth, scalar_of
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.constants import outermost_of
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item, Node
from fhir_vitiligo.fhir.fhirpath.syntax import Call
from fhir_vitiligo.fhir.fhirpath.values import charge, value_of
from fhir_vitiligo.fhir.xhtml import html_checks


def _extension(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    url = compiler.typed(call.arguments[0], str, "String")

    def extension(this: Item | None, env: Environment) -> Collection:
        wanted = url(this, env)
        found: Collection = []
        for item in run(this, env):
            if type(item) is Node:
                inside = item.children("extension")
                charge(env, place, len(inside))
                found += [
                    node for node in inside if type(node.value) is dict and node.value.get("url") == wanted
                ]
        return found

    return Code(extension, kind=compiler.model.type("Extension"))


def _has_value(compiler: Compiler, call: Call, source: Code) -> Code:
    run, choice = source.run, source.read
    if choice is not None and choice.type is not None and choice.type.primitive:
        key = choice.key

        def known(this: Node, env: Environment) -> bool:
            found = this.value.get(key) if type(this.value) is dict else None
            return found is not None and (type(found) is not list or truth(this, env))

        quick: Scalar | None = known
    else:
        quick = None

    def truth(this: Item | None, env: Environment) -> bool:
        items = run(this, env)
        if len(items) != 1:
            return False
        item = items[0]
        if type(item) is not Node:
            return True
        return item.type.primitive and item.value is not None

    return from_truth(quick or truth)


def _get_value(compiler: Compiler, call: Call, source: Code) -> Code:
    run = source.run

    def value(this: Item | None, env: Environment) -> Any:
        items = run(this, env)
        if len(items) != 1 or (type(items[0]) is Node and not items[0].type.primitive):
            return None
        return value_of(items[0])

    return from_scalar(value)


def _resolve(compiler: Compiler, call: Call, source: Code) -> Code:
    """The targets that can be had; what cannot be resolved is left out, as the specification has it."""
    run, place = source.run, compiler.place(call)

    def resolve(this: Item | None, env: Environment) -> Collection:
        found: Collection = []
        items = run(this, env)
        charge(env, place, 10 * len(items))
        for item in items:
            target = _target(item, env)
            if target is not None:
                found.append(target)
        return found

    return Code(resolve)


def _target(item: Item, env: Environment) -> Node | None:
    if type(item) is not Node:
        return None
    reference = item.value.get("reference") if type(item.value) is dict else item.value
    if type(reference) is not str or not reference:
        return None
    found = None if env.resolve is None else env.resolve(reference, item)
    if found is None and reference[0] == "#":
        return _contained(reference, item, env)
    if found is None or type(found) is Node:
        return found
    return Node(found, item.type.model.resource(found))


def _contained(reference: str, item: Node, env: Environment) -> Node | None:
    """``#`` is the container itself, ``#id`` what it contains."""
    container = env.root_resource or outermost_of(item)
    if container is None or reference == "#":
        return container
    for contained in container.children("contained"):
        if type(contained.value) is dict and contained.value.get("id") == reference[1:]:
            return contained
    return None


def _member_of(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    url = compiler.typed(call.arguments[0], str, "String")

    def truth(this: Item | None, env: Environment) -> bool | None:
        items, value_set = run(this, env), url(this, env)
        if len(items) != 1 or value_set is None or type(items[0]) is not Node:
            return None
        charge(env, place, 100)
        return None if env.member_of is None else env.member_of(items[0], value_set)

    return from_truth(truth)


def _conforms_to(compiler: Compiler, call: Call, source: Code) -> Code:
    run, place = source.run, compiler.place(call)
    url = compiler.typed(call.arguments[0], str, "String")

    def truth(this: Item | None, env: Environment) -> bool | None:
        items, profile = run(this, env), url(this, env)
        if len(items) != 1 or profile is None or type(items[0]) is not Node:
            return None
        charge(env, place, 1000)
        found = None if env.conforms_to is None else env.conforms_to(items[0], profile)
        if found is None:
            raise place.error(f"the profile {profile} is not known here")
        return found

    return from_truth(truth)


def _html_checks(compiler: Compiler, call: Call, source: Code) -> Code:
    """Whether a narrative has only the XHTML that FHIR allows."""
    scalar, place = scalar_of(source, compiler.place(call), "before htmlChecks()"), compiler.place(call)

    def truth(this: Item | None, env: Environment) -> bool | None:
        found = scalar(this, env)
        if type(found) is not str:
            return None
        charge(env, place, len(found) // 10)
        return html_checks(found)

    return from_truth(truth)


def _check_modifiers(compiler: Compiler, call: Call, source: Code) -> Code:
    """The input, when it has no modifier extension but the named ones; otherwise an error."""
    run, place = source.run, compiler.place(call)
    urls = [compiler.typed(argument, str, "String") for argument in call.arguments]

    def check(this: Item | None, env: Environment) -> Collection:
        items = run(this, env)
        known = {url(this, env) for url in urls}
        for item in items:
            for modifier in item.children("modifierExtension") if type(item) is Node else ():
                url = modifier.value.get("url") if type(modifier.value) is dict else None
                if url not in known:
                    raise place.error(f"the modifier extension {url} is not among those expected")
        return items

    return Code(check, kind=source.kind)


def _not_here(compiler: Compiler, call: Call, source: Code) -> Code:
    place = compiler.place(call)
    for argument in call.arguments:
        compiler.compile(argument)

    def fail(this: Item | None, env: Environment) -> Collection:
        raise place.error(f"{call.name}() needs a profile's definition, which is not at hand here")

    return Code(fail)


FUNCTIONS: dict[str, tuple[Factory, int, int]] = {
    "extension": (_extension, 1, 1),
    "hasValue": (_has_value, 0, 0),
    "getValue": (_get_value, 0, 0),
    "resolve": (_resolve, 0, 0),
    "memberOf": (_member_of, 1, 1),
    "conformsTo": (_conforms_to, 1, 1),
    "htmlChecks": (_html_checks, 0, 0),
    "htmlChecks1": (_html_checks, 0, 0),
    "htmlChecks2": (_html_checks, 0, 0),
    "checkModifiers": (_check_modifiers, 1, 50),
    "elementDefinition": (_not_here, 0, 0),
    "slice": (_not_here, 2, 2),
}
