"""$meta, $meta-add, $meta-delete (https://hl7.org/fhir/R4/resource-operations.html): profiles, tags and security labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fhir_vitiligo.errors import InputError, NotFoundError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.operations.parameters import parameters
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.repository import Session, StoredVersion

_LISTS = ("profile", "security", "tag")


async def meta(call: Call, _: Inputs) -> Json:
    """The meta of a resource; of a type, the profiles, tags and labels in use."""
    if call.id:
        found = json.loads_object(await stored(call)).get("meta", {})
        return parameters(("return", "Meta", found))
    if not call.type:
        raise RefusedError(404, "$meta of the whole server is not served: ask it of a type", "not-supported")
    used: Json = {}
    page = await call.service.repository.search(
        call.query([("_count", str(call.service.settings.max_count))])
    )
    for version in page.versions:
        for name, values in json.loads_object(version.content or b"{}").get("meta", {}).items():
            if name in _LISTS:
                _add(used, name, values)
    return parameters(("return", "Meta", used))


async def meta_add(call: Call, inputs: Inputs) -> Json:
    """Add profiles, tags and labels; what is there already stays once."""
    return await _change(call, inputs, _add)


async def meta_delete(call: Call, inputs: Inputs) -> Json:
    """Take profiles, tags and labels away; what is not there is no error."""
    return await _change(call, inputs, _take)


async def _change(call: Call, inputs: Inputs, change: Callable[[Json, str, Any], None]) -> Json:
    asked = inputs.object("meta")
    if asked is None:
        raise InputError("the parameter meta is needed, as valueMeta", code="required", expression="meta")
    known = call.service.parameters

    def work(session: Session) -> StoredVersion:
        before = session.read(call.type, call.id)
        if before is None or before.content is None:
            raise NotFoundError(f"there is no {call.type}/{call.id[:100]} here", code="not-found")
        resource = json.loads_object(before.content)
        old = json.dumps(resource.get("meta", {}))
        for name in _LISTS:
            if name in asked:
                change(resource.setdefault("meta", {}), name, asked[name])
        if json.dumps(resource.get("meta", {})) == old:
            return before
        return session.update(draft(resource, known, id=call.id))

    version = await call.service.repository.write(work)
    return parameters(("return", "Meta", json.loads_object(version.content or b"{}").get("meta", {})))


def _add(meta: Json, name: str, values: Any) -> None:
    listed = meta.setdefault(name, [])
    known = {_key(one) for one in listed}
    for one in values if isinstance(values, list) else ():
        if _key(one) not in known:
            listed.append(one)
            known.add(_key(one))


def _take(meta: Json, name: str, values: Any) -> None:
    gone = {_key(one) for one in values} if isinstance(values, list) else set()
    meta[name] = [one for one in meta.get(name, []) if _key(one) not in gone]
    if not meta[name]:
        del meta[name]


def _key(one: Any) -> tuple[Any, ...]:
    return (one.get("system"), one.get("code")) if isinstance(one, dict) else (one,)
