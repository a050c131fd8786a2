"""update, which creates too, also conditional (https://hl7.org/fhir/R4/http.html#update, #upsert, #cond-update)."""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conditions import if_match
from fhir_vitiligo.server.content import read_body, read_members
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.conditions import check_expected, check_free, condition, only_match
from fhir_vitiligo.storage.draft import check_resource, draft, new_id
from fhir_vitiligo.storage.repository import Session, StoredVersion


async def update(call: Call) -> Response:
    """200 with the next version, 201 when there was none (or a deleted one); 412 when If-Match names another version."""
    parameters, repository = call.service.parameters, call.service.repository
    expected = if_match(call.request)
    if expected is not None:
        check_expected(call.type, call.id, await repository.read(call.type, call.id), expected)
    resource = read_body(call.request)
    resource_type = check_resource(resource, parameters)
    if resource_type != call.type or resource.get("id") != call.id:
        raise InputError(
            f"the body is {resource_type}/{resource.get('id', '(without an id)')[:100]}, but the URL says "
            f"{call.type}/{call.id[:100]}: they have to be the same",
            code="invalid",
            expression=f"{resource_type}.id",
        )
    checks = call.service.checks
    members = read_members(call.request)
    checks.resource(resource, members)
    integrity = checks.integrity(call.request.base)
    targets = integrity.targets_of(resource, members)
    ready = draft(resource, parameters, id=call.id, members=members)

    def work(session: Session) -> tuple[bool, StoredVersion]:
        before = session.read(ready.type, ready.id)
        version = session.update(ready, expected)
        integrity.check_written(session, targets)
        return before is None or before.deleted, version

    return _told(call, *await repository.write(work, brief=True))


async def conditional_update(call: Call) -> Response:
    """The one resource that the condition fits is updated; none: created, under the id of the body if it has one; many: 412."""
    parameters = call.service.parameters
    resource, members = read_body(call.request), read_members(call.request)
    if check_resource(resource, parameters) != call.type:
        raise InputError(f"the body is no {call.type}", code="invalid", expression="resourceType")
    if not call.request.query:
        raise InputError(
            "an update names its resource by id, or by a condition in the query", code="required"
        )
    query = condition(parameters, call.type, call.request.query, call.request.base)
    expected = if_match(call.request)
    checks = call.service.checks
    checks.resource(resource, members)
    integrity = checks.integrity(call.request.base)
    targets = integrity.targets_of(resource, members)

    def work(session: Session) -> tuple[bool, StoredVersion]:
        match = only_match(session, query)
        id = resource.get("id")
        if match is not None and id not in (None, match.id):
            raise InputError(
                f"the condition fits {match.type}/{match.id}, but the body is {id[:100]}: they have to be the same",
                code="invalid",
                expression=f"{call.type}.id",
            )
        if match is None and id is not None:
            check_free(session.read(call.type, id))
        ready = draft(
            resource, parameters, id=match.id if match is not None else id or new_id(), members=members
        )
        version = session.update(ready, expected)
        integrity.check_written(session, targets)
        return match is None, version

    return _told(call, *await call.service.repository.write(work))


def _told(call: Call, is_new: bool, version: StoredVersion) -> Response:
    told = "created" if is_new else "updated"
    text = f"{version.type}/{version.id} was {told}; its version is {version.version}."
    return call.written(201 if is_new else 200, version, text)
