"""read and vread (https://hl7.org/fhir/R4/http.html#read, #vread)."""

from __future__ import annotations

from fhir_vitiligo.errors import NotFoundError
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conditions import is_known, version_headers
from fhir_vitiligo.server.content import is_as_stored, resource_response
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.storage.repository import StoredVersion


async def read(call: Call) -> Response:
    """200 with the resource, 304 when If-None-Match has it (and JSON is asked for, as it is stored), 404, or 410 when it was
    deleted.
    """
    version = await call.service.repository.read(call.type, call.id)
    if version is None:
        raise unknown(call)
    return answer(call, version)


async def vread(call: Call) -> Response:
    """A version of its own; 404 when there never was one, 410 when it is the deletion."""
    number = call.version
    version = None
    if number.isascii() and number.isdigit() and len(number) <= 18:
        version = await call.service.repository.read_version(call.type, call.id, int(number))
    if version is None:
        raise NotFoundError(
            f"there is no version {number[:100]!r} of {call.type}/{call.id[:100]} here", code="not-found"
        )
    return answer(call, version)


def answer(call: Call, version: StoredVersion) -> Response:
    """The version as an answer: 200, 304 or 410."""
    headers = version_headers(version)
    if version.content is None:
        raise RefusedError(410, f"{call.type}/{call.id} was deleted", "deleted", headers)
    # All forms of a version share its tag (FHIR has it so, for If-Match): only of one of them can it say that the client has
    # that very form (RFC 9110, 13.1.2).
    if is_known(call.request, version) and is_as_stored(call.request, call.service.release):
        return Response(304, b"", headers)
    return resource_response(call.request, 200, version.content, headers)


def unknown(call: Call) -> NotFoundError:
    """The error for an id that was never stored."""
    return NotFoundError(f"there is no {call.type}/{call.id[:100]} here", code="not-found")


async def stored(call: Call) -> bytes:
    """The text of the resource that the path names; 404 or 410 where there is none."""
    version = await call.service.repository.read(call.type, call.id)
    if version is None:
        raise unknown(call)
    if version.content is None:
        raise RefusedError(410, f"{call.type}/{call.id} was deleted", "deleted", version_headers(version))
    return version.content
