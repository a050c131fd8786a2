"""``is`` and ``as``, as operators and as functions (http://hl7.org/fhirpath/N1/#is-type-specifier, #as-type-specifier)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_vitiligo.fhir.fhirpath.code import Code, from_truth
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item
from fhir_vitiligo.fhir.fhirpath.reflection import exact_type, type_test
from fhir_vitiligo.fhir.release import Release

if TYPE_CHECKING:
    from fhir_vitiligo.fhir.fhirpath.compiler import Compiler

_BEFORE_R5 = (Release.R4, Release.R4B)


def typed(compiler: Compiler, operator: str, source: Code, name: str, place: Place) -> Code:
    """The items of ``source`` that are of the type called ``name``, or whether the one item is.

    ``as`` takes one item by the specification. R4's own dom-3 gives it many, and profiles of that time write ``as
    String`` for a FHIR string: HL7's engine lets both pass before R5, and so does this but for ``strict``.
    """
    run = source.run
    lenient = not compiler.strict and compiler.model.release in _BEFORE_R5
    test = type_test(
        name, compiler.model, place, exact=operator == "as", any_case=lenient and operator == "as"
    )
    if operator == "is":

        def is_(this: Item | None, env: Environment) -> bool | None:
            items = run(this, env)
            if len(items) > 1:
                raise place.error(f"{len(items)} items where before `is` only one may be")
            return test(items[0]) if items else None

        return from_truth(is_)

    def as_(this: Item | None, env: Environment) -> Collection:
        items = run(this, env)
        if len(items) > 1 and not lenient:
            raise place.error(f"{len(items)} items where before `as` only one may be")
        return [item for item in items if test(item)]

    return Code(as_, kind=exact_type(name, compiler.model))
