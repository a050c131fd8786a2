"""The prefixes of ordered values (https://hl7.org/fhir/R4/search.html#prefix) as tests on a ``low`` and a
``high`` column.

The indexed value is the range ``[low, high]`` (both ends part of it), the searched one likewise.
"""

from __future__ import annotations

import re
from typing import TypeVar

from fhir_vitiligo.search.types.base import Alternative, Test

Ordered = TypeVar("Ordered", int, float)

_PREFIXED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.DOTALL)


def split_prefix(text: str) -> tuple[str, str]:
    """``("ge", "2010")`` of ``ge2010``; the prefix is ``eq`` where none is written."""
    match = _PREFIXED.fullmatch(text)
    assert match is not None
    return match[1] or "eq", match[2]


def tests(prefix: str, low: Ordered, high: Ordered) -> tuple[Alternative, ...]:
    """Alternatives for every prefix but ``ap``, whose margin is the type's own (see :func:`overlap`)."""
    within = (Test("low", ">=", low), Test("high", "<=", high))
    match prefix:
        case "eq":
            return (within,)
        case "ne":
            return ((Test("low", "<", low),), (Test("high", ">", high),))
        case "gt":
            return ((Test("high", ">", high),),)
        case "lt":
            return ((Test("low", "<", low),),)
        case "ge":
            return ((Test("high", ">", high),), within)
        case "le":
            return ((Test("low", "<", low),), within)
        case "sa":
            return ((Test("low", ">", high),),)
        case _:  # eb
            return ((Test("high", "<", low),),)


def overlap(low: Ordered, high: Ordered) -> tuple[Alternative, ...]:
    """The ranges have something in common."""
    return ((Test("low", "<=", high), Test("high", ">=", low)),)
