"""delete, also conditional (https://hl7.org/fhir/R4/http.html#delete, #3.1.0.7.1)."""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conditions import if_match
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.conditions import condition, only_match
from fhir_vitiligo.storage.repository import Session, StoredVersion


async def delete(call: Call) -> Response:
    """204, also when it was deleted before or never there; 409 while others refer to it, 412 when If-Match names another
    version.

    Its versions stay readable.
    """
    resource_type, id = call.type, call.id
    expected = if_match(call.request)

    integrity = call.service.checks.integrity(call.request.base)

    def work(session: Session) -> StoredVersion | None:
        version = session.delete(resource_type, id, expected)
        integrity.check_deleted(session, resource_type, id)
        return version

    version = await call.service.repository.write(work, brief=True)
    return Response(204, b"", {} if version is None else {"ETag": version.etag})


async def conditional_delete(call: Call) -> Response:
    """204, also when the condition fits nothing; 412 when it fits several: one is deleted, or none."""
    if not call.request.query:
        raise InputError("a delete names its resource by id, or by a condition in the query", code="required")
    query = condition(call.service.parameters, call.type, call.request.query, call.request.base)

    expected = if_match(call.request)
    integrity = call.service.checks.integrity(call.request.base)

    def work(session: Session) -> StoredVersion | None:
        match = only_match(session, query)
        if match is None:
            return None
        version = session.delete(match.type, match.id, expected)
        integrity.check_deleted(session, match.type, match.id)
        return version

    version = await call.service.repository.write(work)
    return Response(204, b"", {} if version is None else {"ETag": version.etag})
