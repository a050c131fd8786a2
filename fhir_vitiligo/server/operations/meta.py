"""$meta, $meta-add, $meta-delete (https://hl7.org/fhir/R4/resource-operations.html): profiles, tags and security labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.as_written import AsWritten
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.interactions.read import stored, unknown
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.operations.parameters import parameters
from fhir_vitiligo.storage.draft import draft
from fhir_vitiligo.storage.repository import Session, StoredVersion

_LISTS = ("profile", "security", "tag")
_OF_THE_SERVER = ("id", "extension", "versionId", "lastUpdated", "source")


async def meta(call: Call, _: Inputs) -> Json:
    """The meta of a resource; of a type, or of everything, the profiles, tags and labels in use."""
    if call.id:
        found = json.loads_object(await stored(call)).get("meta")
        return parameters(("return", "Meta", found))
    used: Json = {}
    query = call.query([("_count", str(call.service.settings.max_count)), ("_total", "none")])
    while True:
        page = await call.service.repository.search(query)
        for version in page.versions:
            _add_lists(used, version.content or b"{}")
        if page.next is None:
            return parameters(("return", "Meta", used or None))
        query = replace(query, after=page.next, total=False)


def _add_lists(used: Json, text: bytes) -> None:
    """What a stored resource has in the lists of its meta; nothing else of it is decoded."""
    of_meta = json_text.members(json_text.members(text).get("meta", b"{}"))
    for name in _LISTS:
        if name in of_meta:
            _add(used, name, json.loads(of_meta[name]))


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
    _check_lists(asked)
    known, checks = call.service.parameters, call.service.checks

    def work(session: Session) -> StoredVersion:
        before = session.read(call.type, call.id)
        if before is None:
            raise unknown(call)
        if before.content is None:
            raise RefusedError(410, f"{call.type}/{call.id} was deleted", "deleted")
        read = AsWritten(before.content)
        resource = read.value
        old = json.dumps(resource.get("meta", {}))
        for name in _LISTS:
            if name in asked:
                change(resource.setdefault("meta", {}), name, asked[name])
        if json.dumps(resource.get("meta", {})) == old:
            return before
        if not resource["meta"]:
            del resource["meta"]
        members = json_text.members(read.dumps(resource))
        checks.resource(resource, members)
        return session.update(draft(resource, known, id=call.id, members=members))

    version = await call.service.repository.write(work)
    return parameters(("return", "Meta", json.loads_object(version.content or b"{}").get("meta", {})))


def _check_lists(asked: Json) -> None:
    """:class:`InputError` for what is asked and would be passed over."""
    for name, value in asked.items():
        if name in _OF_THE_SERVER:
            continue  # who sends back what $meta gave
        if name not in _LISTS:
            raise InputError(
                f"{name[:50]!r} is none of what is added to a meta or taken away: {', '.join(_LISTS)}",
                code="invalid",
                expression=f"meta.{name[:50]}",
            )
        if not isinstance(value, list):
            raise InputError(
                f"`{name}` is not an array: write it in brackets", code="structure", expression=f"meta.{name}"
            )


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
