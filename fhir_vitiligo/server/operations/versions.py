"""$versions: the releases of FHIR that are spoken here (https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html)."""

from __future__ import annotations

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.operations.parameters import parameters


async def versions(call: Call, _: Inputs) -> Json:
    """``4.0``: the default, and every version that is answered in."""
    own = call.service.release.short_version
    return parameters(("version", "code", own), ("default", "code", own))
