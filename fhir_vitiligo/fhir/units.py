"""Units of measure: UCUM codes (https://ucum.org/ucum, version 2.2, case sensitive) and what they are worth in base units.

FHIR compares quantities of different units by their canonical form (https://hl7.org/fhir/R4/search.html#quantity and FHIRPath's
equality of quantities). The atoms are in ``definitions/ucum.csv``, made by ``tools/build_units.py``. Numbers are exact fractions.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path

_ATOMS = Path(__file__).resolve().parent.parent / "definitions" / "ucum.csv"
_LONGEST = 500
# 10*999999999 is UCUM, and nothing that anybody measures.
_MAX_EXPONENT = 99
_TOKEN = re.compile(
    r"(?P<operator>[./])|(?P<open>\()|(?P<close>\))"
    r"|(?P<annotation>\{[ -z|~]*\})"
    # Brackets are part of an atom and may hold what would else be an operator: [m/s2/Hz^(1/2)], B[10.nV].
    r"|(?P<symbol>(?:\[[^\[\]\s]*\]|[^\[\]./(){}\s])+)"
)
_WITH_EXPONENT = re.compile(r"(.*[^0-9+-])([+-]?[0-9]+)?", re.DOTALL)
# What one degree is in kelvin, and where the scale begins; the other functions (pH, bel...) have no straight line.
_SCALES = {
    "Cel": (Fraction(1), Fraction("273.15")),
    "degF": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
    "degRe": (Fraction(5, 4), Fraction("273.15")),
}

Dimension = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """``factor`` base units and, for a temperature's scale alone, ``offset`` of them. ``dimension``: base units with exponents.

    A unit that compares with itself only (an international unit, pH) stands in the dimension under its own code.
    """

    factor: Fraction
    dimension: Dimension
    offset: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Atom:
    kind: str
    metric: bool
    value: str
    unit: str


@lru_cache(maxsize=4096)
def unit(code: str) -> Unit | None:
    """What a UCUM code is worth; None for what is not one."""
    if not code or len(code) > _LONGEST or not code.isascii():
        return None
    return _Parser(code).unit()


def canonical(value: Decimal, code: str) -> tuple[Fraction, Dimension] | None:
    """A quantity in base units; None where the code is no UCUM."""
    found = unit(code)
    return None if found is None else (Fraction(value) * found.factor + found.offset, found.dimension)


def compare(value: Decimal, code: str, other: Decimal, other_code: str) -> int | None:
    """-1, 0 or 1; None where the two do not measure the same thing or one is no UCUM."""
    if code == other_code:
        return (value > other) - (value < other)
    one, two = canonical(value, code), canonical(other, other_code)
    if one is None or two is None or one[1] != two[1]:
        return None
    return (one[0] > two[0]) - (one[0] < two[0])


@cache
def _table() -> tuple[Mapping[str, _Atom], Mapping[str, Fraction]]:
    atoms: dict[str, _Atom] = {}
    prefixes: dict[str, Fraction] = {}
    with _ATOMS.open(encoding="utf-8", newline="") as file:
        for kind, code, metric, value, inner in list(csv.reader(file))[1:]:
            if kind == "prefix":
                prefixes[code] = Fraction(value)
            else:
                atoms[code] = _Atom(kind, metric == "yes", value, inner)
    return atoms, prefixes


class _Parser:
    """Sections 2.1 to 2.4 of UCUM: terms, components, exponents, annotations, from left to right."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.place = 0

    def unit(self) -> Unit | None:
        found = self._term(0)
        return found if found is not None and self.place == len(self.code) else None

    def _next(self, *kinds: str) -> str | None:
        token = _TOKEN.match(self.code, self.place)
        if token is None or token.lastgroup not in kinds:
            return None
        self.place = token.end()
        return token[0]

    def _term(self, depth: int) -> Unit | None:
        found = Unit(Fraction(1), ())
        # A term may start with a solidus, never with a point.
        sign = -1 if depth == 0 and self.code.startswith("/") and self._next("operator") else 1
        while True:
            inner = self._component(depth)
            if inner is None:
                return None
            alone = found == Unit(Fraction(1), ()) and sign == 1
            found = inner if alone else _product(found, inner, sign)
            operator = self._next("operator")
            if operator is None:
                return found
            sign = -1 if operator == "/" else 1

    def _component(self, depth: int) -> Unit | None:
        if self._next("open"):
            if depth > 50 or (inner := self._term(depth + 1)) is None or not self._next("close"):
                return None
        elif (symbol := self._next("symbol")) is not None:
            inner_or_none = _simple(symbol)
            if inner_or_none is None:
                return None
            inner = inner_or_none
        else:
            return Unit(Fraction(1), ()) if self._next("annotation") else None
        self._next("annotation")
        return inner


def _simple(symbol: str) -> Unit | None:
    """A whole number, or an atom with or without prefix and exponent."""
    if symbol.isdigit():
        return Unit(Fraction(int(symbol)), ()) if symbol.strip("0") and len(symbol) <= _MAX_EXPONENT else None
    found = _WITH_EXPONENT.fullmatch(symbol)
    if found is None:
        return None
    base = _atom(found[1])
    if base is None or found[2] is None:
        return base
    exponent = int(found[2]) if len(found[2]) < 9 else _MAX_EXPONENT + 1
    return _power(base, exponent) if abs(exponent) <= _MAX_EXPONENT else None


def _atom(symbol: str) -> Unit | None:
    atoms, prefixes = _table()
    atom = atoms.get(symbol)
    if atom is not None:
        return _worth(symbol, atom)
    for length in (2, 1):
        prefix, rest = symbol[:length], symbol[length:]
        atom = atoms.get(rest)
        if atom is not None and atom.metric and prefix in prefixes:
            inner = _worth(rest, atom)
            return Unit(inner.factor * prefixes[prefix], inner.dimension, inner.offset)
    return None


@cache
def _worth(code: str, atom: _Atom) -> Unit:
    if atom.kind == "unit":
        inner = unit(atom.unit)
        assert inner is not None, code  # the table is closed: tests go through all of it
        return Unit(Fraction(atom.value) * inner.factor, inner.dimension)
    if atom.kind in _SCALES:
        factor, offset = _SCALES[atom.kind]
        return Unit(factor, (("K", 1),), offset)
    return Unit(Fraction(1), ((code, 1),))


def _product(one: Unit, other: Unit, sign: int) -> Unit:
    # A scale that does not begin at nought is worth its degree once it is part of a product: W/Cel is W/K.
    factor = one.factor * other.factor if sign == 1 else one.factor / other.factor
    exponents = dict(one.dimension)
    for base, exponent in other.dimension:
        exponents[base] = exponents.get(base, 0) + sign * exponent
    return Unit(factor, tuple(sorted((base, exponent) for base, exponent in exponents.items() if exponent)))


def _power(base: Unit, exponent: int) -> Unit:
    return Unit(
        base.factor**exponent, tuple((name, exponent * one) for name, one in base.dimension if exponent)
    )
