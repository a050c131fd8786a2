"""$versions: the releases of FHIR that are spoken here (https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html)."""

from __future__ import annotations

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.operations.parameters import parameters
from fhir_vitiligo.server.spoken import SPOKEN


async def versions(call: Call, _: Inputs) -> Json:
    """``4.0``, the default, and every other version that is answered in."""
    own = call.service.release.short_version
    told = [("version", "code", one.short_version) for one in SPOKEN]
    return parameters(*told, ("default", "code", own))
