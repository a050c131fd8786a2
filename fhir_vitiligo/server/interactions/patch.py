"""patch, also conditional: JSON Patch, JSON merge patch, FHIRPath Patch (https://hl7.org/fhir/R4/http.html#patch).

The media type says which one; of plain JSON (some clients send that) an array is a JSON Patch, Parameters of operations are a
FHIRPath Patch, and any other object is a merge patch.
"""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.errors import InputError, NotFoundError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.fhirpath_patch import fhirpath_patch
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.patches import json_patch, merge_patch
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conditions import if_match
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.interactions.read import unknown
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.conditions import condition, only_match
from fhir_vitiligo.storage.draft import check_resource, draft
from fhir_vitiligo.storage.repository import Session, StoredVersion

_JSON_PATCH, _MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
_FHIR = ("application/fhir+json", "application/json", "text/json", "")
MEDIA_TYPES = (_JSON_PATCH, _MERGE_PATCH, "application/fhir+json")


async def patch(call: Call) -> Response:
    """200 with the next version; 422 where the patch does not fit, 412 when If-Match names another version."""
    media = call.request.header("content-type").partition(";")[0].strip().lower()
    asked = json.loads(call.request.body)
    _check(media, asked)
    expected, release = if_match(call.request), call.service.release
    parameters = call.service.parameters
    query = None if call.id else condition(parameters, call.type, call.request.query, call.request.base)

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
        resource = _patched(json.loads_object(before.content), media, asked, release)
        if check_resource(resource, parameters) != before.type or resource.get("id") != before.id:
            raise RefusedError(
                422, "a patch changes neither the type nor the id of a resource", "business-rule"
            )
        return session.update(draft(resource, parameters, id=before.id), expected)

    version = await call.service.repository.write(work)
    return call.written(
        200, version, f"{version.type}/{version.id} was patched; its version is {version.version}."
    )


async def conditional_patch(call: Call) -> Response:
    """The same for the one resource that the condition in the query fits: none is 404, many 412."""
    if not call.request.query:
        raise InputError("a patch names its resource by id, or by a condition in the query", code="required")
    return await patch(call)


def _check(media: str, asked: Any) -> None:
    if media not in (_JSON_PATCH, _MERGE_PATCH, *_FHIR):
        raise RefusedError(
            415,
            f"a patch of type {media[:100]!r} is not read: send {', '.join(MEDIA_TYPES)}",
            "not-supported",
        )
    if not isinstance(asked, list | dict):
        raise InputError("a patch is a JSON array or object", code="structure")


def _patched(resource: Json, media: str, asked: Any, release: Release) -> Json:
    try:
        if media == _JSON_PATCH or (media != _MERGE_PATCH and isinstance(asked, list)):
            return json_patch(resource, asked)
        if media != _MERGE_PATCH and asked.get("resourceType") == "Parameters":
            return fhirpath_patch(resource, asked, release)
        return merge_patch(resource, asked)
    except InputError as error:
        issue = error.issues[0]
        if issue.code == "structure":
            raise
        raise RefusedError(422, issue.text, issue.code) from None
