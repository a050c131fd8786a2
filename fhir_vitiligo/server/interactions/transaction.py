"""transaction: all entries or none (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

from collections.abc import Sequence

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.outcome import operation_outcome
from fhir_vitiligo.server.bundle import EntryResponse, response_bundle, searchset
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.storage.entries import read_entries
from fhir_vitiligo.storage.repository import Session, instant
from fhir_vitiligo.storage.transaction import Done, run_transaction

_TOLD = {200: "was updated", 201: "was created"}


async def transaction(call: Call, document: Json, texts: Sequence[bytes | None]) -> bytes:
    """The answer, a Bundle as JSON text. ``texts``: the resources as received, entry by entry; they do not stand in
    ``document``.
    """
    parameters, base, checks = call.service.parameters, call.request.base, call.service.checks
    entries = read_entries(document, parameters, texts, base)
    await checks.entries(entries)
    integrity = checks.integrity(base)

    def work(session: Session) -> list[Done]:
        return run_transaction(
            session, entries, parameters, base=base, integrity=integrity, check=checks.resource
        )

    done = await call.service.repository.write(work)
    wanted = call.request.prefer("return")
    return response_bundle("transaction-response", [_told(one, base, wanted) for one in done])


def _told(done: Done, base: str, wanted: str) -> EntryResponse:
    version, entry = done.version, done.entry
    if done.page is not None and entry.query is not None:
        return EntryResponse(200, resource=searchset(base, entry.query, done.page))
    if version is None or version.content is None:
        return EntryResponse(done.status, etag="" if version is None else version.etag)
    is_shown = wanted == "representation" if entry.writes else entry.method == "GET" and done.status == 200
    outcome = None
    if wanted == "OperationOutcome" and entry.writes:
        is_same = entry.method == "POST" and done.status == 200
        told = "fits the condition: nothing was created" if is_same else _TOLD[done.status]
        text = f"{version.type}/{version.id} {told}; its version is {version.version}."
        outcome = json.dumps(operation_outcome([Issue("information", "informational", "", text)]))
    return EntryResponse(
        done.status,
        location=f"{base}/{version.location}" if entry.writes else "",
        etag=version.etag,
        updated=instant(version.updated),
        resource=version.content if is_shown else None,
        outcome=outcome,
    )
