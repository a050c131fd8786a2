"""$reindex: the search index made again from what is stored."""

from __future__ import annotations

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.inputs import Inputs


async def reindex(call: Call, _: Inputs) -> Json:
    """How many resources were indexed; 404 or 410 for one that is not there. Searches are answered throughout."""
    if call.id:
        await stored(call)
    count = await call.service.repository.reindex(call.type or None, call.id or None)
    text = f"{count} resource{'s were' if count != 1 else ' was'} indexed."
    return operation_outcome([Issue("information", "informational", "", text)])
