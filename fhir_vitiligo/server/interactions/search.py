"""search of a type, by GET and by POST (https://hl7.org/fhir/R4/http.html#search)."""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.search.query import Pairs, query_pairs
from fhir_vitiligo.server.bundle import searchset
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Response

_FORM = "application/x-www-form-urlencoded"


async def search_type(call: Call) -> Response:
    """A page of results as a searchset Bundle with the link to the next."""
    return await _search(call, call.request.pairs())


async def search_by_post(call: Call) -> Response:
    """The same with the parameters in a form; those in the URL count too."""
    media = call.request.header("content-type").partition(";")[0].strip().lower()
    if media not in ("", _FORM):
        raise RefusedError(
            415, f"a search by POST is sent as {_FORM}, not as {media[:100]!r}", "not-supported"
        )
    try:
        form = query_pairs(call.request.body.decode())
    except UnicodeDecodeError:
        raise InputError("the form is not UTF-8", code="invalid") from None
    return await _search(call, [*call.request.pairs(), *form])


async def _search(call: Call, pairs: Pairs) -> Response:
    query = call.query(pairs)
    page = await call.service.repository.search(query)
    return resource_response(call.request, 200, searchset(call.request.base, query, page))
