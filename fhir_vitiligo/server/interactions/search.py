"""search of a type, of a compartment and of everything, by GET and by POST (https://hl7.org/fhir/R4/http.html#search).

The edge puts the form of a POST behind the query (:func:`fhir_vitiligo.server.content.incoming`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.search.query import PRESENTATION, Pairs, query_pairs
from fhir_vitiligo.search.subsumption import TERMINOLOGY_MODIFIERS
from fhir_vitiligo.server.bundle import query_text, searchset
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Response

if TYPE_CHECKING:
    from fhir_vitiligo.terminology.value_sets import Terminology

_NO_TYPE = "*"
_KEPT, _AFTER = "_kept", "_after"
# Read at the edge, which does not know what a key stands for.
_IN_THE_LINK = PRESENTATION | {"_elements", "_summary", _AFTER}
# Bytes of the query of a next link: of longer ones a proxy on the way may refuse the address.
_LONGEST_LINK = 4000
_MOST_ESCAPED = 12  # bytes that a character takes in a link


async def search_type(call: Call) -> Response:
    """A page of results as a searchset Bundle with the link to the next."""
    return await _search(call, call.type)


async def search_by_post(call: Call) -> Response:
    """The same with the parameters in a form; those in the URL count too."""
    return await _search(call, call.type)


async def search_system(call: Call) -> Response:
    """A search of several types, or of all."""
    return await _search(call, "")


async def search_system_by_post(call: Call) -> Response:
    """The same with the parameters in a form; those in the URL count too."""
    return await _search(call, "")


async def search_compartment(call: Call) -> Response:
    """What belongs to a resource: of one type, or of all (``*``). 404 where FHIR defines no such compartment."""
    known = definitions_of(call.service.release).compartments
    if call.type not in known:
        raise RefusedError(
            404,
            f"{call.type} is no compartment: {', '.join(sorted(known))} are",
            "not-found",
        )
    wanted = "" if call.member == _NO_TYPE else call.member
    return await _search(call, wanted, (call.type, call.id))


async def search_compartment_by_post(call: Call) -> Response:
    """The same with the parameters in a form; those in the URL count too."""
    return await search_compartment(call)


async def _search(call: Call, resource_type: str, compartment: tuple[str, str] | None = None) -> Response:
    pairs = call.request.pairs()
    key = None
    if _KEPT in call.request.query:
        key = next((value for name, value in pairs if name == _KEPT), None)
        pairs = pairs if key is None else await _asked_before(call, key, pairs)
    if not resource_type and compartment is None and not call.request.path and not pairs:
        raise InputError(
            "a search of the whole server names what it looks for, at least `_type`", code="required"
        )
    query = call.query(pairs, resource_type, compartment, await _terminology(call, pairs))
    page = await call.service.repository.search(query)
    path = _path(call)
    following = None if page.next is None else query.following(page.next)
    if following is not None and (key or len(call.request.query) * _MOST_ESCAPED > _LONGEST_LINK):
        following = await _short(call, key, following)
    body = searchset(call.request.base, query, page, path, following)
    return resource_response(call.request, 200, body)


async def _terminology(call: Call, pairs: Pairs) -> Terminology | None:
    """What the parameters ask that have :in, :not-in, :above or :below; None where what is on board has it."""
    if not any(name.rpartition(":")[2] in TERMINOLOGY_MODIFIERS for name, _ in pairs):
        return None
    # Imported when it is asked for, as in the search itself.
    from fhir_vitiligo.server.operations.stored_terminology import terminology_of_search

    return await terminology_of_search(call, pairs)


async def _short(call: Call, key: str | None, following: Pairs) -> Pairs:
    """The query of a next link; where it would be too long for one, with a key in place of what was asked. What came in an
    address goes on in one as long as it fits.
    """
    longest = call.service.settings.max_query_bytes
    if call.request.method == "POST":
        longest = min(longest, _LONGEST_LINK)
    if key is None:
        if len(query_text(following)) <= longest:
            return following
        asked = [pair for pair in following if pair[0] not in _IN_THE_LINK]
        key = await call.service.repository.keep_search(f"{_path(call)}?{query_text(asked)}")
    return [(_KEPT, key), *(pair for pair in following if pair[0] in _IN_THE_LINK)]


async def _asked_before(call: Call, key: str, pairs: Pairs) -> Pairs:
    """What the key of a next link stands for, and what else the link says."""
    asked = await call.service.repository.kept_search(key)
    if asked is None:
        raise RefusedError(
            410, "the search that this link goes on with is kept no longer: ask it again", "not-found"
        )
    path, mark, query = asked.rpartition("?")
    if mark and path != _path(call):
        raise InputError(
            f"{_KEPT} goes on with a search of {path or 'the whole server'}: follow the link as it is",
            code="invalid",
            expression=_KEPT,
        )
    return [*query_pairs(query), *(pair for pair in pairs if pair[0] != _KEPT)]


def _path(call: Call) -> str:
    """Where a search is asked, below the base."""
    return "/".join(segment for segment in call.request.path if segment != "_search")
