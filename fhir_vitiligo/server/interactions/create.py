"""create, also conditional (https://hl7.org/fhir/R4/http.html#create, #ccreate)."""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.search.query import PRESENTATION, SearchQuery
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import read_body, read_members
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.conditions import EMPTY_CONDITION, condition, only_match
from fhir_vitiligo.storage.draft import check_resource, draft, new_id
from fhir_vitiligo.storage.repository import Session, StoredVersion


async def create(call: Call) -> Response:
    """201 with a new id; with a condition that one resource fits 200 with that one, 412 when several do."""
    parameters = call.service.parameters
    resource = read_body(call.request)
    resource_type = check_resource(resource, parameters)
    if resource_type != call.type:
        raise InputError(
            f"the body is a {resource_type}, but the URL is one of {call.type}",
            code="invalid",
            expression="resourceType",
        )
    query = _condition(call)
    checks = call.service.checks
    members = read_members(call.request)
    checks.resource(resource, members)
    integrity = checks.integrity(call.request.base)
    targets = integrity.targets_of(resource, members)
    ready = draft(resource, parameters, id=new_id(), members=members)

    def work(session: Session) -> tuple[int, StoredVersion]:
        match = None if query is None else only_match(session, query)
        if match is not None:
            return 200, match
        # Nothing can refer to itself under an id that is made here: what is refused has written nothing.
        integrity.check_written(session, targets)
        return 201, session.create(ready)

    status, version = await call.service.repository.write(work, brief=query is None)
    told = "was created" if status == 201 else "fits the condition: nothing was created"
    return call.written(status, version, f"{version.type}/{version.id} {told}.")


def _condition(call: Call) -> SearchQuery | None:
    """Of the If-None-Exist header, or of the URL, where some clients write it."""
    text = call.request.headers.get("if-none-exist")
    if text is not None and not text.strip():
        raise InputError(EMPTY_CONDITION, code="invalid", expression="http.if-none-exist")
    if text is None and any(name not in PRESENTATION for name, _ in call.request.pairs()):
        text = call.request.query
    return condition(call.service.parameters, call.type, text, call.request.base) if text else None
