"""``_include`` and ``_revinclude``: what comes along with the results
(https://hl7.org/fhir/R4/search.html#revinclude).
"""

from __future__ import annotations

from dataclasses import dataclass

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.search.parameters import Parameter, Parameters

MAX_INCLUDED = 20_000
"""Resources that come along with one page; more are refused rather than cut off in silence."""


@dataclass(frozen=True, slots=True)
class Include:
    """References to follow, from resources found (``reverse``: to them).

    ``parameters``: the ones of ``source`` types that are followed. ``target``: only to this type, "" for any.
    ``iterate``: also from (to) what was included.
    """

    parameters: tuple[Parameter, ...]
    target: str = ""
    reverse: bool = False
    iterate: bool = False


def parse_include(parameters: Parameters, name: str, value: str, found: frozenset[str]) -> Include:
    """``_include[:iterate]=Type:parameter[:Target]``, ``Type:*``, ``*``; ``found`` are the types searched.

    ``*`` means every reference parameter: forward of the types searched, in reverse of all types.
    """
    code, _, modifier = name.partition(":")
    # `recurse` is what STU3 called it, and what clients still send.
    if modifier not in ("", "iterate", "recurse"):
        raise InputError(f"{code} has the modifier :iterate, not :{modifier[:100]}", code="not-supported")
    reverse, iterate = code == "_revinclude", modifier != ""
    source, *rest = value.split(":")
    if source == "*" and not rest:
        sources = parameters.resource_types if reverse or iterate else found
        every = tuple(one for kind in sorted(sources) for one in _references(parameters, kind))
        return Include(every, "", reverse, iterate)
    if source not in parameters.resource_types or not 1 <= len(rest) <= 2 or not all(rest):
        raise InputError(
            f"{code} is written Type:parameter, Type:parameter:Target, Type:* or *, not {value[:100]!r}",
            code="invalid",
        )
    target = rest[1] if len(rest) == 2 else ""
    if target and target not in parameters.resource_types:
        raise InputError(f"{code}: {target[:100]!r} is no resource type", code="invalid")
    if rest[0] == "*":
        return Include(tuple(_references(parameters, source)), target, reverse, iterate)
    parameter = parameters.of(source).get(rest[0])
    if parameter is None or parameter.type.name != "reference":
        known = ", ".join(sorted(one.code for one in _references(parameters, source)))
        raise InputError(
            f"{code}: {source} has no reference parameter {rest[0][:100]!r}: it has {known}",
            code="not-supported",
        )
    return Include((parameter,), target, reverse, iterate)


def _references(parameters: Parameters, resource_type: str) -> list[Parameter]:
    return [one for one in parameters.of(resource_type).values() if one.type.name == "reference"]
