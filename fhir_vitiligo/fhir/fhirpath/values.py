"""Equal, equivalent, before: what values are to each other (http://hl7.org/fhirpath/N1/#equality, #comparison)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fhir_vitiligo.fhir.fhirpath import quantity, temporal
from fhir_vitiligo.fhir.fhirpath.faults import Place
from fhir_vitiligo.fhir.fhirpath.model import system_type
from fhir_vitiligo.fhir.fhirpath.node import Collection, Environment, Item, Node
from fhir_vitiligo.fhir.fhirpath.quantity import Quantity
from fhir_vitiligo.fhir.fhirpath.temporal import Temporal

NUMBERS = (int, Decimal)


def value_of(item: Item) -> Any:
    """The System value of an item: a complex node stays itself, a primitive without value is None."""
    return item.system() if type(item) is Node else item


def type_of(item: Item) -> str:
    """The name of an item's type, for people: ``HumanName``, ``System.Integer``."""
    return item.type.path if type(item) is Node else f"System.{system_type(item)}"


def equal(left: Item, right: Item) -> bool | None:
    """Whether two items are equal; None where that is left open (dates of unequal precision)."""
    a, b = value_of(left), value_of(right)
    one, other = type(a), type(b)
    if one is str and other is str:
        return bool(a == b)
    if one is bool or other is bool:
        return a is b
    if one in NUMBERS and other in NUMBERS:
        return bool(a == b)
    if one is Temporal and other is Temporal:
        return temporal.equal(a, b)
    if type(left) is Node and type(right) is Node:
        if a is None and b is None:
            return bool(left.companion == right.companion)
        return bool(left.value == right.value)
    if one is Quantity or other is Quantity:
        a, b = _as_quantity(a), _as_quantity(b)
        return False if a is None or b is None else quantity.equal(a, b)
    return False


def collections_equal(left: Collection, right: Collection) -> bool | None:
    """``=``: the same items in the same order; None when either is empty or an item's equality is open."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    open_ = False
    for a, b in zip(left, right, strict=True):
        same = equal(a, b)
        if same is False:
            return False
        open_ = open_ or same is None
    return None if open_ else True


def equivalent(left: Item, right: Item) -> bool:
    """``~`` of two items: white space, case and superfluous precision do not matter."""
    a, b = value_of(left), value_of(right)
    one, other = type(a), type(b)
    if one is str and other is str:
        return _folded(a) == _folded(b)
    if one is bool or other is bool:
        return a is b
    if one in NUMBERS and other in NUMBERS:
        return quantity.same_rounded(Decimal(a), Decimal(b))
    if one is Temporal and other is Temporal:
        return temporal.comparable(a, b) and temporal.equal(a, b) is True
    if type(left) is Node and type(right) is Node and Quantity not in (one, other):
        return _alike(left.value, right.value)
    if one is Quantity or other is Quantity:
        a, b = _as_quantity(a), _as_quantity(b)
        return a is not None and b is not None and quantity.equivalent(a, b)
    return False


def collections_equivalent(left: Collection, right: Collection, env: Environment, place: Place) -> bool:
    """``~``: the same items in any order; two empty collections are equivalent."""
    if len(left) != len(right):
        return False
    charge(env, place, len(left) * len(right))
    rest = list(right)
    for a in left:
        for index, b in enumerate(rest):
            if equivalent(a, b):
                del rest[index]
                break
        else:
            return False
    return True


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _alike(a: Any, b: Any) -> bool:
    """Equivalence of JSON inside of complex elements; ids of elements are no part of what they say."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = (a.keys() | b.keys()) - {"id"}
        return all(key in a and key in b and _alike(a[key], b[key]) for key in keys)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, str) and isinstance(b, str):
        return _folded(a) == _folded(b)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, NUMBERS) and isinstance(b, NUMBERS):
        return quantity.same_rounded(Decimal(a), Decimal(b))
    return bool(a == b)


def compare(a: Any, b: Any, place: Place) -> int | None:
    """Order of two System values: negative, 0, positive; None where precision or units leave it open.

    What has no order, or not with the other, is an error.
    """
    one, other = type(a), type(b)
    if (one is str and other is str) or (one in NUMBERS and other in NUMBERS):
        return int((a > b) - (a < b))
    if one is Temporal and other is Temporal and temporal.comparable(a, b):
        return temporal.compare(a, b)
    if one is Temporal and other is str and (read := temporal.parse(b, a.kind)) is not None:
        return temporal.compare(a, read)
    if other is Temporal and one is str and (read := temporal.parse(a, b.kind)) is not None:
        return temporal.compare(read, b)
    if one is Quantity or other is Quantity:
        x, y = _as_quantity(a), _as_quantity(b)
        if x is not None and y is not None:
            return quantity.compare(x, y)
    raise place.error(f"{type_of(a)} and {type_of(b)} cannot be compared")


def _as_quantity(value: Any) -> Quantity | None:
    if type(value) is Quantity:
        return value
    return Quantity(Decimal(value), "1") if type(value) in NUMBERS else None


# Sets of items.


def key_of(item: Item) -> Any:
    """A hashable that equal items share, or None where equality needs a closer look."""
    value = value_of(item)
    kind = type(value)
    if kind is str:
        return value
    if kind is bool:
        return (kind, value)
    return value if kind in NUMBERS else None


class Distinct:
    """Items by equality: a set, as far as they can be hashed."""

    __slots__ = ("_env", "_hashed", "_others", "_place")

    def __init__(self, env: Environment, place: Place, items: Sequence[Item] = ()) -> None:
        self._env, self._place = env, place
        self._hashed: set[Any] = set()
        self._others: list[Item] = []
        for item in items:
            self.add(item)

    def __contains__(self, item: Item) -> bool:
        key = key_of(item)
        if key is not None and key in self._hashed:
            return True
        if self._others:
            charge(self._env, self._place, len(self._others))
        return any(equal(other, item) for other in self._others)

    def add(self, item: Item) -> bool:
        """Whether the item is new."""
        if item in self:
            return False
        key = key_of(item)
        if key is None:
            self._others.append(item)
        else:
            self._hashed.add(key)
        return True


def charge(env: Environment, place: Place, steps: int) -> None:
    """Takes steps from the evaluation's budget; an error when it is spent."""
    env.steps -= steps
    if env.steps < 0:
        raise place.error("the expression takes too many steps on this data", "limit")
