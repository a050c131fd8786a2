"""history of an instance (https://hl7.org/fhir/R4/http.html#history)."""

from __future__ import annotations

from fhir_vitiligo.server.bundle import history_bundle
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import resource_response
from fhir_vitiligo.server.interactions.read import unknown
from fhir_vitiligo.server.message import Response


async def history_instance(call: Call) -> Response:
    """Every version, newest first, as a history Bundle."""
    versions = await call.service.repository.history(call.type, call.id)
    if not versions:
        raise unknown(call)
    return resource_response(call.request, 200, history_bundle(call.request, versions))
