"""patch, also conditional: JSON Patch, JSON merge patch, FHIRPath Patch (https://hl7.org/fhir/R4/http.html#patch)."""

from __future__ import annotations

from functools import partial

from fhir_vitiligo.errors import InputError, NotFoundError
from fhir_vitiligo.fhir import json_text
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conditions import if_match
from fhir_vitiligo.server.content import FORMATS, XML_FORMATS, check_text, reading
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.interactions.read import unknown
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.conditions import check_expected, condition, only_match
from fhir_vitiligo.storage.draft import check_resource, draft
from fhir_vitiligo.storage.patch import JSON_PATCH, MEDIA_TYPES, MERGE_PATCH, read_patch
from fhir_vitiligo.storage.repository import Session, StoredVersion

_READ = ("", JSON_PATCH, MERGE_PATCH, *FORMATS)


async def patch(call: Call) -> Response:
    """200 with the next version; 422 where the patch does not fit, 412 when If-Match names another version."""
    media = call.request.header("content-type").partition(";")[0].strip().lower()
    if media not in _READ:
        raise RefusedError(
            415,
            f"a patch of type {media[:100]!r} is not read: send {', '.join((*MEDIA_TYPES, XML_FORMATS[0]))}",
            "not-supported",
        )
    change = reading(call.request.body, partial(read_patch, media))
    check_text(call.request.body, change.asked)
    expected, release = if_match(call.request), call.service.release
    parameters, checks = call.service.parameters, call.service.checks
    query = None if call.id else condition(parameters, call.type, call.request.query, call.request.base)
    integrity = checks.integrity(call.request.base)

    def work(session: Session) -> StoredVersion:
        before = session.read(call.type, call.id) if query is None else only_match(session, query)
        if before is None:
            raise (
                unknown(call)
                if query is None
                else NotFoundError("the condition fits no resource", code="not-found")
            )
        if before.content is None:
            raise RefusedError(410, f"{call.type}/{call.id} was deleted", "deleted")
        check_expected(before.type, before.id, before, expected)
        resource, text = change.apply_to_text(before.content, release)
        check_resource(resource, parameters)
        members = json_text.members(text)
        checks.resource(resource, members)
        integrity.check_written(session, integrity.targets_of(resource))
        return session.update(draft(resource, parameters, id=before.id, members=members), expected)

    version = await call.service.repository.write(work)
    return call.written(
        200, version, f"{version.type}/{version.id} was patched; its version is {version.version}."
    )


async def conditional_patch(call: Call) -> Response:
    """The same for the one resource that the condition in the query fits: none is 404, many 412."""
    if not call.request.query:
        raise InputError("a patch names its resource by id, or by a condition in the query", code="required")
    return await patch(call)
