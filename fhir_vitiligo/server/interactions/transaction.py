"""transaction: all entries or none (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

from collections.abc import Sequence

from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.bundle import EntryResponse, response_bundle
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.storage.entries import read_entries
from fhir_vitiligo.storage.repository import Session
from fhir_vitiligo.storage.transaction import Done, run_transaction


async def transaction(call: Call, document: Json, texts: Sequence[bytes | None]) -> bytes:
    """The answer, a Bundle as JSON text. ``texts``: the resources as received, entry by entry."""
    parameters, base = call.service.parameters, call.request.base
    entries = read_entries(document, parameters, texts, base)

    def work(session: Session) -> list[Done]:
        return run_transaction(session, entries, parameters, base=base)

    done = await call.service.repository.write(work)
    with_resource = call.request.prefer("return") == "representation"
    return response_bundle("transaction-response", [_told(one, base, with_resource) for one in done])


def _told(done: Done, base: str, with_resource: bool) -> EntryResponse:
    version = done.version
    if version is None or version.content is None:
        return EntryResponse(done.status, etag="" if version is None else version.etag)
    return EntryResponse(
        done.status,
        location=f"{base}/{version.location}",
        etag=version.etag,
        updated=version.updated,
        resource=version.content if with_resource else None,
    )
