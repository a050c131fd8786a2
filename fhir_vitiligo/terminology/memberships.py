"""Which codes of one system are meant: sets that may be listed, ruled by a grammar, or beyond what can be told.

The three values are Kleene's: ``True``, ``False``, and ``None`` for "cannot be told here"
(https://hl7.org/fhir/R4/valueset.html#compositions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Reason = Literal["value-set", "system", "version", "fragment", "filter", "grammar"]
"""Why something cannot be told: what is not on board (a value set, a code system, its version), listed only in
part, asked by a filter that cannot be run here, or only known to be well formed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands in the way: of which kind it is, and its name."""

    reason: Reason
    name: str


class Membership:
    """Codes of one system. ``codes`` lists them in order, with a display of their own where one was given;
    ``None`` when they cannot be listed.
    """

    codes: Mapping[str, Any] | None = None
    gap: Gap | None = None

    def holds(self, code: str) -> bool | None:
        raise NotImplementedError

    def is_like(self, other: Membership) -> bool:
        """Whether it is sure to say the same as ``other``."""
        return self is other


class Listed(Membership):
    """Exactly these codes; ``ignores_case`` where the system does."""

    codes: Mapping[str, Any]

    def __init__(self, codes: Mapping[str, Any], ignores_case: bool = False) -> None:
        self.codes = codes
        self.ignores_case = ignores_case

    def holds(self, code: str) -> bool | None:
        return code in self.codes or (self.ignores_case and code.casefold() in self._folded)

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(code.casefold() for code in self.codes)


NOTHING = Listed({})


class Undecided(Membership):
    """Nobody here can say; ``rule`` may refuse what is not even well formed."""

    def __init__(self, gap: Gap, rule: Callable[[str], bool] | None = None) -> None:
        self.gap = gap
        self.rule = rule

    def holds(self, code: str) -> bool | None:
        return False if self.rule is not None and not self.rule(code) else None

    def is_like(self, other: Membership) -> bool:
        return isinstance(other, Undecided) and other.rule == self.rule and other.gap == self.gap


class Ruled(Membership):
    """Every code that a grammar allows (UCUM, media types): too many to be listed."""

    def __init__(self, gap: Gap, rule: Callable[[str], bool]) -> None:
        self.gap = gap
        self.rule = rule

    def holds(self, code: str) -> bool | None:
        return self.rule(code)


class _Several(Membership):
    def __init__(self, parts: Sequence[Membership]) -> None:
        self.parts = tuple(parts)
        self.gap = next((part.gap for part in self.parts if part.gap is not None), None)


class _Either(_Several):
    def holds(self, code: str) -> bool | None:
        told: bool | None = False
        for part in self.parts:
            answer = part.holds(code)
            if answer:
                return True
            if answer is None:
                told = None
        return told


class _Both(_Several):
    def holds(self, code: str) -> bool | None:
        told: bool | None = True
        for part in self.parts:
            answer = part.holds(code)
            if answer is False:
                return False
            if answer is None:
                told = None
        return told


class _Without(Membership):
    def __init__(self, first: Membership, second: Membership) -> None:
        self.first, self.second = first, second
        self.gap = first.gap or second.gap

    def holds(self, code: str) -> bool | None:
        first = self.first.holds(code)
        if first is False:
            return False
        second = self.second.holds(code)
        return False if second else (None if first is None or second is None else True)


def union(parts: Iterable[Membership]) -> Membership:
    """What any of them holds; what is listed keeps its order and its first display."""
    listed: list[Listed] = []
    others: list[Membership] = []
    for part in parts:
        if isinstance(part, Listed):
            listed.append(part)
        elif not any(part.is_like(other) for other in others[-1:]):
            others.append(part)
    merged = _merged(listed)
    if not others:
        return merged
    return _Either((merged, *others)) if merged.codes else (_Either(others) if others[1:] else others[0])


def _merged(listed: Sequence[Listed]) -> Listed:
    filled = [part for part in listed if part.codes]
    if len(filled) < 2:
        return filled[0] if filled else NOTHING
    codes: dict[str, Any] = {}
    for part in filled:
        for code, display in part.codes.items():
            codes.setdefault(code, display)
    return Listed(codes, any(part.ignores_case for part in filled))


def intersection(parts: Sequence[Membership]) -> Membership:
    """What all of them hold; the order and displays of the first that can be listed."""
    first = next((part for part in parts if isinstance(part, Listed)), None)
    whole = _Both(parts) if len(parts) > 1 else parts[0]
    if first is None:
        return whole
    told = {code: whole.holds(code) for code in first.codes}
    if None in told.values():
        return whole
    return Listed({code: display for code, display in first.codes.items() if told[code]}, first.ignores_case)


def difference(first: Membership, second: Membership) -> Membership:
    """What ``first`` holds and ``second`` does not."""
    if isinstance(second, Listed) and not second.codes:
        return first
    if isinstance(first, Listed):
        told = {code: second.holds(code) for code in first.codes}
        if None not in told.values():
            kept = {code: display for code, display in first.codes.items() if not told[code]}
            return Listed(kept, first.ignores_case)
    return _Without(first, second)
