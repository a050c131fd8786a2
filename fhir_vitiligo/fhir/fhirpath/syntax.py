"""The tree of an expression (http://hl7.org/fhirpath/N1/#grammar). ``position`` counts characters from 0."""

from __future__ import annotations

from typing import Any, NamedTuple


class Literal(NamedTuple):
    """``value``: a System value; ``None`` is the empty collection ``{}``."""

    position: int
    value: Any


class Constant(NamedTuple):
    """``%resource``."""

    position: int
    name: str


class Variable(NamedTuple):
    """``$this``, ``$index``, ``$total``."""

    position: int
    name: str


class Member(NamedTuple):
    """``of.name``; without ``of`` the first step of a path: an element of ``$this``, or its type."""

    position: int
    of: Ast | None
    name: str


class Call(NamedTuple):
    position: int
    of: Ast | None
    name: str
    arguments: tuple[Ast, ...]


class Indexer(NamedTuple):
    position: int
    of: Ast
    at: Ast


class Polarity(NamedTuple):
    position: int
    sign: str
    operand: Ast


class Binary(NamedTuple):
    """``terms`` are two, or more where an associative operator repeats (``a and b and c``)."""

    position: int
    operator: str
    terms: tuple[Ast, ...]


class TypeOperator(NamedTuple):
    """``operand is type``, ``operand as type``; ``type`` is qualified as written."""

    position: int
    operator: str
    operand: Ast
    type: str


Ast = Literal | Constant | Variable | Member | Call | Indexer | Polarity | Binary | TypeOperator


def type_name(node: Ast) -> str | None:
    """The type an argument names: ``Quantity`` or ``FHIR.Quantity`` in ``ofType(...)``; None for what is no name."""
    match node:
        case Member(_, None, name):
            return name
        case Member(_, Member(_, None, namespace), name):
            return f"{namespace}.{name}"
        case _:
            return None
