"""The capability statement (https://hl7.org/fhir/R4/http.html#capabilities)."""

from __future__ import annotations

from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.conformance import capability_text
from fhir_vitiligo.server.content import resource_response, wanted_form
from fhir_vitiligo.server.message import Response


async def metadata(call: Call) -> Response:
    """What this server does, made from the tables it is made of, as a resource of the release asked for."""
    release = wanted_form(call.request, call.service.release).release
    return resource_response(call.request, 200, capability_text(call.service, call.request.base, release))
