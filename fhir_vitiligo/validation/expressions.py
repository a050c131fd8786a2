"""FHIRPath at a place of a walk (https://hl7.org/fhir/R4/fhirpath.html): what expressions may ask of it.

The one bridge between the walk and :mod:`fhir_vitiligo.fhir.fhirpath`, which is loaded with the first
invariant that is not native.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.terminology.value_sets import Terminology

if TYPE_CHECKING:
    from fhir_vitiligo.fhir.fhirpath import Environment, Node
    from fhir_vitiligo.validation.context import Context


def environment_of(context: Context) -> Environment:
    """The variables and services of ``context`` for FHIRPath."""
    from fhir_vitiligo.fhir.fhirpath import Environment, root

    def resolve(reference: str, holder: Node) -> dict[str, Any] | None:
        around = holder.resource()
        inside = context if around is None or around.value is resource else context.context_of(around.value)
        return inside.resolve(reference)

    def member_of(node: Node, value_set: str) -> bool | None:
        return _is_member(node.value, value_set, context.library.terminology)

    def conforms_to(node: Node, profile: str) -> bool | None:
        return context.walk.profiles.conforms(profile, node.value, node.type.path, context)

    resource, container = context.resource, context.container
    if (reading := context.walk.reading) is not None:
        resource, container = reading.seen(resource), reading.seen(container)
    own = root(resource, context.release)
    return Environment(
        own,
        own if container is resource else root(container, context.release),
        resolve=resolve,
        member_of=member_of,
        conforms_to=conforms_to,
        budget=_BUDGET,
    )


# What an expression of a definition may name besides the specification's own constants.
_CONSTANTS = frozenset(
    ("extension", "profile", "map-codes", "us-zip", "questionnaire", "qitem", "factory", "terminologies")
)
# Steps of one expression: thousands of times what any of core takes, and about a second.
_BUDGET = 1_000_000


def _is_member(value: Any, value_set: str, terminology: Terminology) -> bool | None:
    if isinstance(value, str):
        return _ANSWERS[terminology.validate(value_set, None, value).kind]
    if not isinstance(value, dict):
        return None
    codings = value.get("coding", [value])
    answers = [
        _ANSWERS[terminology.validate(value_set, coding.get("system"), coding["code"]).kind]
        for coding in (codings if isinstance(codings, list) else ())
        if isinstance(coding, dict) and isinstance(coding.get("code"), str)
    ]
    return True if True in answers else None if None in answers else False


_ANSWERS = {"in": True, "not-in": False, "unknown-code": False, "cannot-tell": None}


def test(expression: str, value: Any, content: str, context: Context) -> bool | None:
    """Whether an invariant holds for a value at ``content``; None where it cannot be evaluated."""
    from fhir_vitiligo.fhir.fhirpath import FHIRPathError, compile_expression

    try:
        bound = compile_expression(expression, context.release).bind(content)
        return bound(value, None, context.environment)
    except (FHIRPathError, KeyError):
        return None


def selects(expression: str, value: Any, context: Context) -> bool | None:
    """Whether ``expression``, evaluated on the resource, finds ``value`` (the object itself, or the companion
    of a primitive); None where it cannot be evaluated.
    """
    from fhir_vitiligo.fhir.fhirpath import FHIRPathError, Node, compile_expression

    try:
        found = compile_expression(expression, context.release).evaluate(
            context.environment.resource, context.environment
        )
    except FHIRPathError:
        return None
    return any(type(one) is Node and (one.value is value or one.companion is value) for one in found)


def unreadable(expression: str, context: Context) -> str | None:
    """What is wrong with an expression as such, as a sentence; None where it can be read."""
    from fhir_vitiligo.fhir.fhirpath import FHIRPathError, compile_expression

    try:
        compile_expression(expression, context.release)
    except FHIRPathError as error:
        return f"This is no FHIRPath: {error}."
    return None


def misfit(
    expression: str,
    paths: Sequence[str],
    context: Context,
    resource: str | None = None,
    constants: Collection[str] = _CONSTANTS,
) -> str | None:
    """What is wrong with an expression on elements at ``paths`` of core, as a sentence: it cannot be read, or names what
    no type there has. None where all is well, and where the types are not known. ``resource`` is the type of ``%resource``.
    """
    if (problem := unreadable(expression, context)) is not None:
        return problem
    from fhir_vitiligo.fhir.fhirpath import FHIRPathError
    from fhir_vitiligo.fhir.fhirpath.check import check

    try:
        check(expression, context.release, paths, order=True, resource=resource, constants=constants)
    except FHIRPathError as error:
        return f"The expression does not fit {' or '.join(paths)}: {error}."
    except KeyError:
        return None
    return None


def is_element(path: str, context: Context) -> bool:
    """Whether core has an element at a path, also inside a datatype; a type is one too."""
    from fhir_vitiligo.fhir.fhirpath.check import types_at

    try:
        types_at(path, context.release)
    except KeyError:
        return False
    return True


def selected(expression: str, paths: Sequence[str], context: Context) -> tuple[str, ...] | None:
    """The types that an expression selects on elements at ``paths``; empty where it can select nothing, None when open."""
    from fhir_vitiligo.fhir.fhirpath import FHIRPathError
    from fhir_vitiligo.fhir.fhirpath.check import check

    try:
        return check(expression, context.release, paths)
    except FHIRPathError:
        return ()
    except KeyError:
        return None
