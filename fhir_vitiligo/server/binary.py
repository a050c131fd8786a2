"""Binary as what it holds: a photograph, a PDF (https://hl7.org/fhir/R4/binary.html#rest).

What is sent to Binary under another media type than those of FHIR is its content; who reads one without asking for FHIR's JSON
or XML is sent the content under its own media type. JSON and XML are always read as the resource itself.
"""

from __future__ import annotations

import base64
import binascii

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.message import FHIR_JSON, Request, Response

_TYPE = "Binary"
_CONTEXT = "X-Security-Context"
# What others stored is shown by a browser as if this server had written it: nothing in it may run.
_HARMLESS = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


def is_binary_read(request: Request) -> bool:
    """Whether a Binary, or a version of one, is asked for."""
    path = request.path
    is_read = len(path) == 2 or (len(path) == 4 and path[2] == "_history")
    return (
        is_read and path[0] == _TYPE and path[1][:1] not in ("_", "$") and request.method in ("GET", "HEAD")
    )


def is_binary_write(request: Request) -> bool:
    """Whether a Binary is created or updated."""
    return request.path[:1] == (_TYPE,) and (request.method, len(request.path)) in (
        ("POST", 1),
        ("PUT", 1),
        ("PUT", 2),
    )


def holding(request: Request) -> Request:
    """A write of a content as the write of the Binary that holds it; its ``X-Security-Context`` says whose rules protect it."""
    resource: Json = {"resourceType": _TYPE}
    if len(request.path) == 2:
        resource["id"] = request.path[1]
    resource["contentType"] = request.header("content-type").strip()
    if context := request.header(_CONTEXT.lower()):
        resource["securityContext"] = {"reference": context}
    resource["data"] = base64.b64encode(request.body).decode()
    headers = {**request.headers, "content-type": FHIR_JSON}
    return request._replace(body=json.dumps(resource), headers=headers)


def content_of(request: Request, response: Response) -> Response:
    """The answer to a read as the content alone; what tells an error, or has no content, stays what it is. A 406
    :class:`RefusedError` where the content is of no type that is accepted.
    """
    if response.status != 200 or response.headers.get("Content-Type") != FHIR_JSON:
        return response
    resource = json.loads_object(response.body)
    media, data = resource.get("contentType"), resource.get("data")
    if not isinstance(media, str) or not isinstance(data, str):
        return response
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
        media.encode("latin-1")
    except (binascii.Error, UnicodeEncodeError):
        raise InputError(
            "the content of this Binary cannot be sent by itself: ask for application/fhir+json",
            code="invalid",
        ) from None
    accept = request.header("accept")
    if accept and not _takes(accept, media):
        raise RefusedError(
            406,
            f"Accept asks for {accept[:100]}: this Binary holds {media[:100]}; application/fhir+json has it as a resource",
            "not-supported",
        )
    headers = {**response.headers, **_HARMLESS, "Content-Type": media}
    context = resource.get("securityContext")
    reference = context.get("reference") if isinstance(context, dict) else None
    if isinstance(reference, str) and reference.isascii() and reference.isprintable():
        headers[_CONTEXT] = reference
    return Response(response.status, content, headers)


def _takes(accept: str, media: str) -> bool:
    """Whether a media type is in one of the ranges (RFC 9110, 12.5.1)."""
    kind, _, subtype = media.partition(";")[0].strip().lower().partition("/")
    for one in accept.split(","):
        wanted, *options = (part.strip().lower() for part in one.split(";"))
        if any(option.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for option in options):
            continue
        if wanted in ("*/*", f"{kind}/*", f"{kind}/{subtype}"):
            return True
    return False
