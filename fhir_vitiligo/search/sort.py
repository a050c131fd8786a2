"""``_sort``: by any parameter, the first in the list first, ``-`` for descending
(https://hl7.org/fhir/R4/search.html#sort).

A resource with several values stands at its smallest one, descending at its largest; a resource without a value
comes last either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.search.parameters import Parameter

MAX_KEYS = 8
_NOT_SORTED = frozenset({"near"})


@dataclass(frozen=True, slots=True)
class SortKey:
    """One parameter the results are ordered by."""

    parameter: Parameter
    descending: bool = False


def parse_sort(
    text: str, resource_type: str, known: Mapping[str, Parameter], before: tuple[SortKey, ...] = ()
) -> tuple[SortKey, ...]:
    """``-date,_id``; :class:`InputError` for a parameter the type does not have. ``before`` are the keys of a ``_sort`` in
    front of this one.
    """
    keys = {key.parameter.code: key for key in before}
    for part in text.split(","):
        code = part.removeprefix("-")
        parameter = known.get(code)
        if parameter is None or parameter.type.name in _NOT_SORTED:
            raise InputError(
                f"results are sorted by a search parameter of {resource_type}, not by {code[:100]!r}",
                code="not-supported",
            )
        keys.setdefault(code, SortKey(parameter, part.startswith("-")))
    if len(keys) > MAX_KEYS:
        raise InputError(f"_sort has more than {MAX_KEYS} parameters", code="too-costly")
    return tuple(keys.values())
