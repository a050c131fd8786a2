"""A Bundle posted to the base: its type says what is done (https://hl7.org/fhir/R4/http.html#transaction).

Its resources stay text until each is needed: as objects, all of a large Bundle take ten times the memory.
"""

from __future__ import annotations

import asyncio

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import bundles, json, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import check_text, read_json, read_text, resource_response
from fhir_vitiligo.server.interactions.batch import batch
from fhir_vitiligo.server.interactions.transaction import transaction
from fhir_vitiligo.server.message import Response


async def bundle(call: Call) -> Response:
    """Does what the Bundle's type says; anything but a transaction or a batch is refused."""
    document, texts = read_json(call.request, _opened)
    await asyncio.to_thread(check_text, read_text(call.request))
    if not bundles.is_bundle(document):
        raise InputError(
            f"the base takes a Bundle, not a {str(document.get('resourceType'))[:50]}: post that to its type",
            code="invalid",
        )
    bundles.entries(document)
    match document.get("type"):
        case "transaction":
            body = await transaction(call, document, texts)
        case "batch":
            body = await batch(call, document, texts, call.request.refused or {})
        case other:
            raise InputError(
                f"a Bundle of type {str(other)[:50]!r} cannot be done: it has to be transaction or batch",
                code="invalid",
                expression="Bundle.type",
            )
    return resource_response(call.request, 200, body)


def _opened(text: bytes) -> tuple[Json, list[bytes | None]]:
    """The Bundle without the resources of its entries, and these as they were written; None for an entry without one."""
    members = json_text.members(text)
    entry = members.pop("entry", None)
    document = {name: json.loads(value) for name, value in members.items()}
    texts: list[bytes | None] = []
    if entry is None:
        return document, texts
    if not entry.startswith(b"["):
        return {**document, "entry": json.loads(entry)}, texts
    document["entry"] = []
    for one in json_text.elements(entry):
        if one.startswith(b"{"):
            inside = json_text.members(one)
            texts.append(inside.pop("resource", None))
            document["entry"].append({name: json.loads(value) for name, value in inside.items()})
        else:  # a fault that is told of the Bundle
            texts.append(None)
            document["entry"].append(json.loads(one))
    return document, texts
