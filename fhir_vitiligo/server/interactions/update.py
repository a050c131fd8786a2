"""update, which creates too (https://hl7.org/fhir/R4/http.html#update, #upsert)."""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conditions import if_match
from fhir_vitiligo.server.content import read_body, read_text
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.draft import check_resource, draft
from fhir_vitiligo.storage.repository import Session, StoredVersion


async def update(call: Call) -> Response:
    """200 with the next version, 201 when there was none (or a deleted one); 412 when If-Match names
    another version.
    """
    parameters = call.service.parameters
    resource = read_body(call.request)
    resource_type = check_resource(resource, parameters)
    if resource_type != call.type or resource.get("id") != call.id:
        raise InputError(
            f"the body is {resource_type}/{resource.get('id', '(without an id)')[:100]}, but the URL says "
            f"{call.type}/{call.id[:100]}: they have to be the same",
            code="invalid",
            expression=f"{resource_type}.id",
        )
    expected = if_match(call.request)
    ready = draft(resource, parameters, id=call.id, text=read_text(call.request))

    def work(session: Session) -> tuple[bool, StoredVersion]:
        before = session.read(ready.type, ready.id)
        return before is None or before.deleted, session.update(ready, expected)

    is_new, version = await call.service.repository.write(work)
    told = "created" if is_new else "updated"
    return call.written(
        201 if is_new else 200,
        version,
        f"{version.type}/{version.id} was {told}; its version is {version.version}.",
    )
