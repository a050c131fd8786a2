"""history of a resource, of a type and of everything (https://hl7.org/fhir/R4/http.html#history)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.search.not_served import PARAMETERS
from fhir_vitiligo.search.query import PRESENTATION
from fhir_vitiligo.search.types.date import date_range
from fhir_vitiligo.server.bundle import BEFORE, history_bundle
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.interactions.read import unknown
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.repository import HistoryQuery

_DIGITS = 18  # fits 64 bits
_NEWEST_FIRST = "-_lastUpdated"
# What would give other versions, or another order, were it understood: left out in silence, nobody would know.
_NOT_SERVED = {
    "_list": "read the List and ask for the history of each of its items",
    "_sort": f"versions come newest first, which is _sort={_NEWEST_FIRST}",
}
_ANY = "Basic"  # has the search parameters that every type has
_OF_SEARCHES = frozenset({"_has", "_include", "_revinclude", "_type", *PARAMETERS})


async def history_instance(call: Call) -> Response:
    """Versions of a resource, newest first; 404 where there never was one."""
    if await call.service.repository.read(call.type, call.id) is None:
        raise unknown(call)
    return await _history(call)


async def history_type(call: Call) -> Response:
    """Versions of the resources of a type, newest first."""
    return await _history(call)


async def history_system(call: Call) -> Response:
    """Versions of everything, newest first."""
    return await _history(call)


async def _history(call: Call) -> Response:
    settings = call.service.settings
    query = HistoryQuery(call.type, call.id, count=min(settings.default_count, settings.max_count))
    applied: list[tuple[str, str]] = []
    count_only = False
    for name, value in call.request.pairs():
        read = _PARAMETERS.get(name)
        if read is not None:
            query = read(query, value)
        elif name in PRESENTATION or name in ("_summary", "_elements"):
            count_only |= (name, value) == ("_summary", "count")
        elif (name, value) != ("_sort", _NEWEST_FIRST):
            _check_is_needless(call, name)
            continue
        applied.append((name, value))
    # Counting everything again for every page would make a walk through all pages quadratic.
    count = 0 if count_only else min(query.count, settings.max_count)
    query = replace(query, count=count, total=query.before is None)
    page = await call.service.repository.versions(query)
    return resource_response(call.request, 200, history_bundle(call.request, page, applied))


def _check_is_needless(call: Call, name: str) -> None:
    """A history has no room to tell what was left out of the question: what asks for something is refused, unless the
    client wants it left out. Then the self link tells. Names of their own that clients add ask for nothing.
    """
    code = name.partition(":")[0]
    is_search = code in _OF_SEARCHES or code in call.service.parameters.of(call.type or _ANY)
    handling = call.request.prefer("handling")
    strict = handling == "strict" or (handling != "lenient" and call.service.settings.strict_search)
    asks = not name.startswith("_") or name in _NOT_SERVED or is_search or handling == "strict"
    if strict and asks:
        reason = _NOT_SERVED.get(name, f"it has {', '.join(_PARAMETERS)}")
        raise InputError(
            f"a history has no parameter {name[:100]!r}: {reason}",
            code="not-supported",
            expression=name[:100],
        )


def _count(query: HistoryQuery, value: str) -> HistoryQuery:
    return replace(query, count=_whole("_count", value))


def _since(query: HistoryQuery, value: str) -> HistoryQuery:
    return replace(query, since=_moment("_since", value)[0])


def _at(query: HistoryQuery, value: str) -> HistoryQuery:
    return replace(query, at=_moment("_at", value))


def _before(query: HistoryQuery, value: str) -> HistoryQuery:
    return replace(query, before=_whole(BEFORE, value))


_PARAMETERS: dict[str, Callable[[HistoryQuery, str], HistoryQuery]] = {
    "_count": _count,
    "_since": _since,
    "_at": _at,
    BEFORE: _before,
}


def _whole(name: str, value: str) -> int:
    if value.isascii() and value.isdigit() and len(value.lstrip("0")) <= _DIGITS:
        return int(value)
    raise InputError(
        f"{name} is a whole number of at most {_DIGITS} digits, not {value[:100]!r}",
        code="invalid",
        expression=name,
    )


def _moment(name: str, value: str) -> tuple[int, int]:
    # In a query string a plus sign that was not escaped arrives as a space.
    found = date_range(value.replace(" ", "+"))
    if found is None:
        raise InputError(
            f"{name} is a date or an instant such as 2026-11-22T10:00:00Z, not {value[:100]!r}",
            code="invalid",
            expression=name,
        )
    return found
