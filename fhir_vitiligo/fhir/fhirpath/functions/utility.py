"""Types, logic and time (http://hl7.org/fhirpath/N1/#utility-functions, #types, #boolean-logic)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_vitiligo.fhir.fhirpath.casting import typed
from fhir_vitiligo.fhir.fhirpath.code import Code, from_scalar, from_truth, truth_of
from fhir_vitiligo.fhir.fhirpath.compiler import Compiler, Factory
from fhir_vitiligo.fhir.fhirpath.constants import is_own
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item
from fhir_vitiligo.fhir.fhirpath.reflection import exact_type, type_info, type_test
from fhir_vitiligo.fhir.fhirpath.syntax import Call, Literal, type_name
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal


def _not(compiler: Compiler, call: Call, source: Code) -> Code:
    truth = truth_of(source, compiler.place(call))

    def negated(this: Item | None, env: Environment) -> bool | None:
        value = truth(this, env)
        return None if value is None else not value

    return from_truth(negated)


def _named_type(compiler: Compiler, call: Call) -> str:
    name = type_name(call.arguments[0])
    if name is None:
        raise compiler.place(call).error(f"{call.name}() takes the name of a type", "semantic")
    return name


def _is_or_as(compiler: Compiler, call: Call, source: Code) -> Code:
    return typed(compiler, call.name, source, _named_type(compiler, call), compiler.place(call))


def _of_type(compiler: Compiler, call: Call, source: Code) -> Code:
    run, name = source.run, _named_type(compiler, call)
    test = type_test(name, compiler.model, compiler.place(call), exact=True)

    def of_type(this: Item | None, env: Environment) -> Collection:
        items = run(this, env)
        env.steps -= len(items)
        return [item for item in items if test(item)]

    return Code(of_type, kind=exact_type(name, compiler.model))


def _type(compiler: Compiler, call: Call, source: Code) -> Code:
    run = source.run
    return Code(lambda this, env: [type_info(item) for item in run(this, env)], any=source.any)


def _trace(compiler: Compiler, call: Call, source: Code) -> Code:
    """Gives its input. A library writes no log of what patients' data is, so that nothing else happens here."""
    for argument in call.arguments:
        compiler.compile(argument)
    return source


def _define_variable(compiler: Compiler, call: Call, source: Code) -> Code:
    """Gives its input, and names it, or what is asked of it as a whole, for the rest of the path.

    https://build.fhir.org/ig/HL7/FHIRPath/#definevariablename-string--expr-expression
    """
    place, told = compiler.place(call), call.arguments[0]
    if not isinstance(told, Literal) or not isinstance(told.value, str):
        raise place.error("defineVariable() takes the name as a literal string", "semantic")
    name = told.value
    known = compiler.defined.get(name)
    if is_own(name) or (known is not None and known.position != call.position):
        raise place.error(f"%{name} has a meaning here already: another name is needed", "semantic")
    run, slot = source.run, (name, call.position)
    read = Code(lambda this, env: env.defined[slot], kind=source.kind)
    asked = None
    if len(call.arguments) > 1:
        with compiler.over(read):
            of_it = compiler.compile(call.arguments[1])
        asked = of_it.run
        compiler.define(name, call.position, Code(read.run, kind=of_it.kind))
    else:
        compiler.define(name, call.position, read)

    def define(this: Item | None, env: Environment) -> Collection:
        items = env.defined[slot] = run(this, env)
        if asked is not None:
            env.defined[slot] = asked(this, env)
        return items

    return Code(define, kind=source.kind)


def _clock(part: Callable[[Temporal], Any], static: str) -> Factory:
    def factory(compiler: Compiler, call: Call, source: Code) -> Code:
        return from_scalar(lambda this, env: part(env.now), static)

    return factory


FUNCTIONS: dict[str, tuple[Factory, int, int]] = {
    "not": (_not, 0, 0),
    "is": (_is_or_as, 1, 1),
    "as": (_is_or_as, 1, 1),
    "ofType": (_of_type, 1, 1),
    "type": (_type, 0, 0),
    "trace": (_trace, 1, 2),
    "defineVariable": (_define_variable, 1, 2),
    "now": (_clock(lambda now: now, "DateTime"), 0, 0),
    "today": (_clock(lambda now: Temporal("Date", now.parts[:3]), "Date"), 0, 0),
    "timeOfDay": (_clock(lambda now: Temporal("Time", now.parts[3:]), "Time"), 0, 0),
}
