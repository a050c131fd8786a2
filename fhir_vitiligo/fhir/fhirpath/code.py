"""What a part of an expression is compiled to, and how one part asks another.

A closure takes ``$this`` (one item, or None for the empty collection) and the environment. Every part has one that
gives a collection; some also have one that gives a single value without a list around it, or that only tells whether
there is anything: most of an invariant consists of such questions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.model import Choice, Type, system_type
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item, Node

Run = Callable[[Any, Environment], Collection]
Scalar = Callable[[Any, Environment], Any]
Test = Callable[[Any, Environment], bool]

TRUE: Collection = [True]
FALSE: Collection = [False]
EMPTY: Collection = []


class Code:
    """A compiled part of an expression.

    ``run`` gives the collection; nobody may change it. ``scalar``, where set, gives the one System value (None for
    the empty collection) and ``any`` whether there is an item. ``static`` is the System type where it is known,
    ``kind`` the type of every node, ``read`` the element of ``$this`` that the part is, ``value`` a literal's value.
    """

    __slots__ = ("any", "kind", "read", "run", "scalar", "static", "value")

    def __init__(
        self,
        run: Run,
        *,
        scalar: Scalar | None = None,
        any: Test | None = None,
        static: str | None = None,
        kind: Type | None = None,
        read: Choice | None = None,
        value: Any = None,
    ) -> None:
        self.run = run
        self.scalar = scalar
        self.any = any
        self.static = static
        self.kind = kind
        self.read = read
        self.value = value


NOTHING = Code(lambda this, env: EMPTY, scalar=lambda this, env: None, any=lambda this, env: False)


def from_scalar(scalar: Scalar, static: str | None = None) -> Code:
    """A part that gives one System value or nothing."""

    def run(this: Item | None, env: Environment) -> Collection:
        value = scalar(this, env)
        return EMPTY if value is None else [value]

    return Code(run, scalar=scalar, static=static)


def from_truth(truth: Scalar) -> Code:
    """A part that gives true, false or, as None, nothing."""

    def run(this: Item | None, env: Environment) -> Collection:
        value = truth(this, env)
        return TRUE if value is True else EMPTY if value is None else FALSE

    return Code(run, scalar=truth, static="Boolean")


def from_value(value: Any) -> Code:
    """A literal or another constant."""
    collection = [value]
    return Code(
        lambda this, env: collection,
        scalar=lambda this, env: value,
        any=lambda this, env: True,
        static=system_type(value),
        value=value,
    )


def scalar_of(code: Code, place: Place, what: str = "here") -> Scalar:
    """The single value of a part; at run time an error when there are several."""
    from fhir_vitiligo.fhir.fhirpath.paths import value_reader

    if code.scalar is not None:
        return code.scalar
    run = code.run

    def scalar(this: Item | None, env: Environment) -> Any:
        items = run(this, env)
        if not items:
            return None
        if len(items) > 1:
            raise place.error(f"{len(items)} items where {what} only one may be")
        item = items[0]
        return item.system() if type(item) is Node else item

    return value_reader(code, scalar)  # type: ignore[no-any-return]


def truth_of(code: Code, place: Place) -> Scalar:
    """The part as a Boolean: a single item that is none counts as true.

    http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
    """
    if code.static == "Boolean" and code.scalar is not None:
        return code.scalar
    scalar = scalar_of(code, place, "for a Boolean")
    run = code.run

    def truth(this: Item | None, env: Environment) -> bool | None:
        value = scalar(this, env)
        if value is True or value is False:
            return value
        if value is None:
            # A primitive without value is an item all the same.
            return True if run(this, env) else None
        return True

    return truth


def any_of(code: Code) -> Test:
    """Whether the part has an item."""
    if code.any is not None:
        return code.any
    run = code.run
    return lambda this, env: bool(run(this, env))


def checked(scalar: Scalar, kind: type | tuple[type, ...], told: str, place: Place) -> Scalar:
    """``scalar``, with an error at run time when the value is of another Python type."""
    from fhir_vitiligo.fhir.fhirpath.values import type_of

    kinds = kind if isinstance(kind, tuple) else (kind,)

    def value(this: Item | None, env: Environment) -> Any:
        found = scalar(this, env)
        if found is None or type(found) in kinds:
            return found
        raise place.error(f"{type_of(found)} where {'an' if told == 'Integer' else 'a'} {told} is needed")

    return value
