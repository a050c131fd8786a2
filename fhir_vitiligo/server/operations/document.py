"""$document: a Composition with all it refers to as a document Bundle (https://hl7.org/fhir/R4/composition-operation-document.html)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import find_references, parse_restful
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.bundles import MOST, too_many
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.storage.draft import draft, new_id
from fhir_vitiligo.storage.repository import Session, StoredVersion


async def document(call: Call, inputs: Inputs) -> Json:
    """The document: the Composition first, then what it leads to, nearest first. ``persist`` stores it as a Bundle."""
    if inputs.text("graph"):
        raise InputError(
            "graph is not served: the document holds what the Composition leads to",
            code="not-supported",
            expression="graph",
        )
    id = call.id or (inputs.text("id") or "").rpartition("/")[2]
    if not id:
        raise InputError("which Composition? give id", code="required", expression="id")
    first = json.loads_object(await stored(_of(call, id)))
    resources = [first, *await _led_to(call, first)]
    bundle = document_bundle(resources, call.request.base, datetime.now(UTC))
    if inputs.flag("persist"):
        bundle = await _stored(call, bundle)
    return bundle


def document_bundle(resources: list[Json], base: str, now: datetime) -> Json:
    """A document of resources that are on a server, the Composition first; its identifier names this state of them."""
    urls = [f"{base}/{one['resourceType']}/{one['id']}" for one in resources]
    versions = [one.get("meta", {}).get("versionId", "") for one in resources]
    state = " ".join(f"{url}|{version}" for url, version in zip(urls, versions, strict=True))
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid5(NAMESPACE_URL, state)}"},
        "type": "document",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "entry": [{"fullUrl": url, "resource": one} for url, one in zip(urls, resources, strict=True)],
    }


def _of(call: Call, id: str) -> Call:
    return Call(call.service, call.request, "Composition", id)


async def _led_to(call: Call, first: Json) -> list[Json]:
    """Breadth first, so that what the Composition itself refers to comes before what that refers to."""
    seen = {(first["resourceType"], first["id"])}
    found: list[Json] = []
    todo = [first]
    while todo:
        resource = todo.pop(0)
        for _, reference in find_references(resource):
            target = parse_restful(reference.removeprefix(f"{call.request.base}/"))
            if target is None or target.base or (target.type, target.id) in seen:
                continue
            seen.add((target.type, target.id))
            version = await call.service.repository.read(target.type, target.id)
            if version is not None and version.content is not None:
                found.append(json.loads_object(version.content))
                todo.append(found[-1])
                if len(found) > MOST:
                    raise too_many()
    return found


async def _stored(call: Call, bundle: Json) -> Json:
    ready = draft(bundle, call.service.parameters, id=new_id())

    def work(session: Session) -> StoredVersion:
        return session.create(ready)

    version = await call.service.repository.write(work)
    return json.loads_object(version.content or b"{}")
