"""What a search type is: the columns of its index, the rows a value gives, the conditions a search text
gives.

A search text never becomes SQL here. It becomes alternatives (any may hold) of tests (all must hold, of one
and the same index row), which every store can turn into its own query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from fhir_vitiligo.errors import InputError

# Longer text is compared by its beginning: indexes of databases have limits (PostgreSQL: 2,700 bytes a row).
MAX_INDEXED = 500

Scalar = str | int | float
Row = tuple[Scalar, ...]
Operator = Literal["=", "<", "<=", ">", ">=", "prefix", "contains", "in", "near"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the index. ``integer`` is 64 bits wide, ``real`` a double."""

    name: str
    kind: Literal["text", "integer", "real"]


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one column of an index row.

    ``prefix`` and ``contains`` are for text, compared as it stands. ``in``: the column has one of a tuple of
    texts. ``near``: of the columns ``x``, ``y`` and ``z`` (a unit vector) the product with the first three
    numbers of the tuple is at least the fourth.
    """

    column: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]

    __test__ = False  # not one of pytest's


Alternative = tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a value has to be read with: the types the parameter may point to, and this server's own base
    URL.
    """

    targets: tuple[str, ...] = ()
    base: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SearchType:
    """A search parameter type (https://hl7.org/fhir/R4/search.html#ptypes).

    ``columns``: the index, most selective first; results are sorted by the first. ``rows``: the index rows of
    one value of the resource, whatever JSON it is. ``parse``: one search text (split at commas already) with
    its modifier; :class:`InputError` says what would be right. ``modifiers``: the ones ``parse`` knows.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Callable[[Any], Iterable[Row]]
    parse: Callable[[str, str | None, Context], tuple[Alternative, ...]]
    modifiers: frozenset[str] = frozenset()

    @property
    def blank(self) -> Row:
        """What fills the columns where a value is there and holds nothing to compare; never searched."""
        return tuple("" if column.kind == "text" else 0 for column in self.columns)


def cut(text: str) -> str:
    """The part of a text that is indexed and compared."""
    return text[:MAX_INDEXED]


def text_of(value: Any) -> str:
    """The value if it is a string, else nothing: what is indexed may be any JSON."""
    return value[:MAX_INDEXED] if isinstance(value, str) else ""


def split(text: str, mark: str) -> list[str]:
    """The parts between unescaped ``mark``s, their escapes kept
    (https://hl7.org/fhir/R4/search.html#escaping).
    """
    if "\\" not in text:
        return text.split(mark)
    parts = [""]
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            parts[-1] += text[position : position + 2]
            position += 2
        else:
            if character == mark:
                parts.append("")
            else:
                parts[-1] += character
            position += 1
    return parts


def unescape(text: str) -> str:
    """``\\,`` ``\\$`` ``\\|`` and ``\\\\`` without their backslash; other backslashes stay."""
    return re.sub(r"\\([,$|\\])", r"\1", text) if "\\" in text else text


def bad_value(text: str, right: str) -> InputError:
    """The error for a search text that its type cannot read."""
    return InputError(f"{text[:100]!r} cannot be searched for: {right}", code="invalid")
