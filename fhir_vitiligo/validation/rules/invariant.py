"""Invariants (https://hl7.org/fhir/R4/conformance-rules.html#constraints).

The hottest are native (:mod:`.natives`); the others are FHIRPath, compiled when they are first met. What the
types of the elements around ask for is theirs to check: an element has only the invariants of its own, a type
those of the types above it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fhir_vitiligo.errors import Severity
from fhir_vitiligo.fhir.definitions import Invariant
from fhir_vitiligo.fhir.schema import ObjectSchema
from fhir_vitiligo.validation.context import Context
from fhir_vitiligo.validation.faults import Fault
from fhir_vitiligo.validation.library import Library
from fhir_vitiligo.validation.rules.natives import ELSEWHERE, corrected, native_of
from fhir_vitiligo.validation.rules.place import Place, Rule

if TYPE_CHECKING:
    from fhir_vitiligo.fhir.fhirpath import BoundTest


def make(place: Place) -> Rule | None:
    """The invariants of an element itself, those that core does not state already."""
    stated = place.base.invariants if place.base is not None else ()
    known = {one.expression: one.severity for one in stated}
    # A profile may make an error of what core warns of.
    own = [
        one for one in place.element.invariants if known.get(one.expression) not in ("error", one.severity)
    ]
    if place.base is None:
        mine = {one.expression for one in own}
        own += [one for one in _referred(place) if one.expression not in mine]
    return _rule(own, place.one.content, place.library, place.source)


def _referred(place: Place) -> tuple[Invariant, ...]:
    """Those of the element whose content rules are an element's own: a section's, of a section within it
    (https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.contentReference).
    """
    path = place.element.content_reference
    if not path:
        return ()
    referred = place.library.definitions.structure(path.partition(".")[0]).element(path)
    return referred.invariants if referred is not None else ()


def of_type(schema: ObjectSchema, library: Library) -> Rule | None:
    """The invariants of a whole type."""
    if "." in schema.path:
        return None
    root = library.definitions.structure(schema.path).elements[0]
    return _rule(list(root.invariants), schema.path, library, "")


def _rule(invariants: list[Invariant], content: str, library: Library, source: str) -> Rule | None:
    wanted = [one for one in invariants if one.key not in ELSEWHERE]
    if not wanted:
        return None
    tests = [(one, _test(one, content, library)) for one in wanted]

    def check(value: Any, companion: Any, context: Context) -> Iterable[Fault]:
        if value is None and companion is None:
            return ()
        if (reading := context.walk.reading) is not None:
            value, companion = reading.seen(value), reading.seen(companion)
        broken: list[Fault] | None = None
        for one, holds in tests:
            try:
                if holds(value, companion, context):
                    continue
                fault = _broken(one, source)
            except _unanswered() as error:
                fault = _unanswerable(one, error, source)
            broken = [fault] if broken is None else [*broken, fault]
        return () if broken is None else broken

    return check


def _test(invariant: Invariant, content: str, library: Library) -> Any:
    native = native_of(invariant)
    if native is not None:
        return native
    expression = corrected(invariant.expression)
    # A resource inside another one is of any type.
    is_any = content in ("Resource", "DomainResource")
    bound: dict[str, BoundTest] = {}

    def test(value: Any, companion: Any, context: Context) -> bool:
        kind = value.get("resourceType", content) if is_any and type(value) is dict else content
        run = bound.get(kind)
        if run is None:
            from fhir_vitiligo.fhir.fhirpath import compile_expression

            if is_any and kind not in library.types:
                return True
            run = bound[kind] = compile_expression(expression, library.release).bind(kind)
        return run(value, companion, context.environment)

    return test


@lru_cache(maxsize=1)
def _unanswered() -> type[Exception]:
    from fhir_vitiligo.fhir.fhirpath import FHIRPathError

    return FHIRPathError


def _severity(invariant: Invariant) -> Severity:
    return "warning" if invariant.is_best_practice else invariant.severity


def _broken(one: Invariant, source: str) -> Fault:
    text = one.human.strip() or f"`{one.expression}` has to hold"
    end = "" if text.endswith((".", "!", "?")) else "."
    return Fault(one.key, "invariant", f"{one.key}: {text}{end}{source}".replace("\n", " "), _severity(one))


_NO_EXPRESSION = frozenset({"syntax", "semantic"})


def _unanswerable(one: Invariant, error: Any, source: str) -> Fault:
    """An expression without an answer does not hold; one that costs too much is left open."""
    if error.kind == "limit":
        text = f"{one.key} was not evaluated to its end: {error}{source}"
        return Fault("invariant-limit", "too-costly", text.replace("\n", " "), "warning")
    text = f"{one.key} cannot be evaluated: {error}{source}"
    # What is no FHIRPath at all tells nothing, however lightly it was meant.
    severity: Severity = "error" if error.kind in _NO_EXPRESSION else _severity(one)
    return Fault(one.key, "invariant", text.replace("\n", " "), severity)
