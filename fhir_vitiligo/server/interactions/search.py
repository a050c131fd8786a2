"""search of a type, of a compartment and of everything, by GET and by POST (https://hl7.org/fhir/R4/http.html#search).

The edge puts the form of a POST behind the query (:func:`fhir_vitiligo.server.content.incoming`).
"""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.definitions import definitions_of
from fhir_vitiligo.server.bundle import searchset
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Response

_NO_TYPE = "*"


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


async def _search(call: Call, resource_type: str, compartment: tuple[str, str] | None = None) -> Response:
    pairs = call.request.pairs()
    if not resource_type and compartment is None and not call.request.path and not pairs:
        raise InputError(
            "a search of the whole server names what it looks for, at least `_type`", code="required"
        )
    query = call.query(pairs, resource_type, compartment)
    page = await call.service.repository.search(query)
    path = "/".join(segment for segment in call.request.path if segment != "_search")
    return resource_response(call.request, 200, searchset(call.request.base, query, page, path))
