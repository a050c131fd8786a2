"""Another release of FHIR than the one that is stored, by the media type parameter ``fhirVersion``
(https://hl7.org/fhir/R4/http.html#version-parameter, https://hl7.org/fhir/R5/versioning.html#mt-version).

As with XML, the interactions see one form alone: a body in R5 is checked as R5 and becomes R4 before, an answer becomes R5
after (:mod:`fhir_vitiligo.fhir.conversion`, with this project's own rules). A type whose forms are not both known is told
by name: 406 where it is asked for, 422 where it is sent.
"""

from __future__ import annotations

import asyncio

from fhir_vitiligo.errors import FhirVitiligoError, InputError, Issue
from fhir_vitiligo.fhir import bundles, json
from fhir_vitiligo.fhir.as_written import AsWritten
from fhir_vitiligo.fhir.conversion import Converter
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.server.checks import Checks
from fhir_vitiligo.server.content import not_shown, outgoing, read_body, read_text, wanted_form
from fhir_vitiligo.server.entries_apart import answer_given_out, batch_taken_in, is_answer, is_batch
from fhir_vitiligo.server.errors import InvalidError, RefusedError
from fhir_vitiligo.server.message import FHIR_JSON, Request, Response
from fhir_vitiligo.server.spoken import body_release
from fhir_vitiligo.storage.entries import in_resource, located

# These answer in the release that they are asked in, without being converted.
_IN_ANY_RELEASE = (("metadata",),)
# These read every release themselves.
_READ_AS_SENT = frozenset({"$validate", "$from-fhir"})


async def taken_in(request: Request, own: Release, checks: Checks) -> Request:
    """The request with its body in the release that is stored; 422 with what is wrong of it in its own release, or with the
    element that has no place in the other.
    """
    release = body_release(request, own)
    if release is own or not request.body or not _READ_AS_SENT.isdisjoint(request.path[-1:]):
        return request
    if request.method == "PATCH":
        raise RefusedError(
            415,
            f"a patch for FHIR {release.short_version} is not read: send the whole resource by PUT, or a patch for FHIR "
            f"{own.short_version}",
            "not-supported",
        )
    document = read_body(request)
    return await asyncio.to_thread(_converted, request, document, release, own, checks)


def _converted(request: Request, document: Json, release: Release, own: Release, checks: Checks) -> Request:
    convert = _converter(release, own).convert
    read = AsWritten(read_text(request))
    if is_batch(document) and not request.path:
        made, refused = batch_taken_in(
            read.value,
            request.refused or {},
            lambda resource: checks.resource(resource, release=release),
            convert,
        )
        return request._replace(body=read.dumps(made), refused=refused)
    is_operation = request.path[-1:] and request.path[-1].startswith("$")
    if not is_operation:
        _check(document, release, checks)
    try:
        body = read.dumps(convert(read.value))
    except InputError as error:
        if error.issues[0].code != "not-supported":
            raise
        raise InvalidError(error.issues) from None
    return request._replace(body=body)


def _converter(source: Release, target: Release) -> Converter:
    # What vitiligo adds needs the maps and their terms, and most servers are never asked for another release.
    from fhir_vitiligo.server.vitiligo_moves import converter

    return converter(source, target)


def _check(document: Json, release: Release, checks: Checks) -> None:
    if not (bundles.is_bundle(document) and document.get("type") == "transaction"):
        checks.resource(document, release=release)
        return
    faults: list[Issue] = []
    for index, entry in enumerate(bundles.entries(document)):
        resource, asked = entry.get("resource"), entry.get("request")
        place = f"Bundle.entry[{index}].resource"
        if isinstance(asked, dict) and asked.get("method") == "PATCH":
            text = f"a patch for FHIR {release.short_version} is not read: put the whole resource there"
            faults.append(Issue("error", "not-supported", place, text))
        elif isinstance(resource, dict):
            try:
                checks.resource(resource, release=release)
            except InvalidError as error:
                faults += located(in_resource(error), f"Bundle.entry[{index}]").issues
    if faults:
        raise InvalidError(faults)


def given_out(request: Request, response: Response, own: Release, wanted: Release) -> Response:
    """The answer in the release that was asked for; 406 with the element or type that has no place in it. What was written
    is not undone by that: then the answer says so.
    """
    if wanted is own or response.headers.get("Content-Type") != FHIR_JSON or not response.body:
        return response
    if request.path in _IN_ANY_RELEASE:
        return response
    read = AsWritten(response.body)
    document = read.value
    if document.get("resourceType") == "OperationOutcome":
        return response
    convert = _converter(own, wanted).convert
    try:
        body = read.dumps(answer_given_out(document, convert) if is_answer(document) else convert(document))
    except FhirVitiligoError as error:
        return not_shown(request, response, error)
    return Response(response.status, body, response.headers)


def made_in(request: Request, resource: Json, release: Release, own: Release) -> Response:
    """An answer that was made in a release, whichever was asked for: its media type names it, and nothing is converted."""
    response = Response(200, json.dumps(resource), {"Content-Type": FHIR_JSON})
    if release is own:
        return response
    return named(outgoing(request, response, wanted_form(request, own).format, release), release)


def named(response: Response, release: Release) -> Response:
    """The answer with its release in its media type."""
    media, _, rest = response.headers.get("Content-Type", "").partition(";")
    if not media.startswith("application/fhir+") or "fhirVersion" in rest:
        return response
    told = f"{media}; fhirVersion={release.short_version};{rest}"
    return Response(response.status, response.body, {**response.headers, "Content-Type": told})
