"""delete (https://hl7.org/fhir/R4/http.html#delete)."""

from __future__ import annotations

from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conditions import if_match
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.repository import Session, StoredVersion


async def delete(call: Call) -> Response:
    """204, also when it was deleted before or never there; its versions stay readable. 412 when If-Match
    names another version.
    """
    resource_type, id = call.type, call.id
    expected = if_match(call.request)

    def work(session: Session) -> StoredVersion | None:
        return session.delete(resource_type, id, expected)

    version = await call.service.repository.write(work)
    return Response(204, b"", {} if version is None else {"ETag": version.etag})
