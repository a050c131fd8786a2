"""$summary: what is stored of a patient's vitiligo as the case document, whose sections follow the CARE headings."""

from __future__ import annotations

import asyncio

from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.mapping.back import cases_from_fhir
from fhir_vitiligo.mapping.mapper import Mapper
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.everything import record
from fhir_vitiligo.server.operations.inputs import Inputs


async def summary(call: Call, _: Inputs) -> Json:
    """A document Bundle; 422 where nothing that is stored of the patient is about vitiligo."""
    await stored(call)
    versions = await record(call, call.id)
    entries = [
        {
            "fullUrl": f"{call.request.base}/{one.type}/{one.id}",
            "resource": json.loads_object(one.content or b"{}"),
        }
        for one in versions
    ]
    release = call.service.release

    def work() -> Json:
        found = next(
            cases_from_fhir({"resourceType": "Bundle", "type": "collection", "entry": entries}, release), None
        )
        if found is None or not found[0].diagnoses:
            raise RefusedError(
                422, f"nothing that is stored of Patient/{call.id} is about vitiligo", "not-found"
            )
        return Mapper(release).to_fhir(found[0], type="document")

    return await asyncio.to_thread(work)
