"""From a resource as received to what is written: its text with room for the version, and what it is indexed by.
Pure.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import lru_cache

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json, json_text
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.references import is_id
from fhir_vitiligo.search.parameters import Parameters
from fhir_vitiligo.storage.repository import Draft

_LONGEST_NAME = 64


def new_id() -> str:
    """A fresh logical id: 48 bits of time, so that neighbours in time are neighbours in the index, and 74
    of chance.
    """
    chance = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | chance
    value = value & ~(0xF << 76) | 0x7 << 76  # laid out as a version 7 UUID (RFC 9562)
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def draft(
    resource: Json, parameters: Parameters, *, id: str, members: Mapping[str, bytes] | None = None
) -> Draft:
    """The resource under ``id``. ``members`` are the texts of what it was received as
    (:func:`fhir_vitiligo.fhir.json_text.members`); without them the resource is written out anew.

    Of the text only ``id``, ``meta.versionId`` and ``meta.lastUpdated`` change, the order of members stays.
    A resource without them gets ``id`` and ``meta`` behind its type. :class:`InputError` for what is not a
    resource of a known type.
    """
    resource_type = check_resource(resource, parameters)
    if not is_id(id):
        raise InputError(
            f"{id[:100]!r} is no id: it is 1 to 64 letters, digits, hyphens and dots",
            code="value",
            expression=f"{resource_type}.id",
        )
    if members is None:
        members = {name: json.dumps(value) for name, value in resource.items()}
    kept = _kept(members.get("meta"))
    before, after = _around_version(members, json.dumps(id), kept)
    return Draft(resource_type, id, before, after, resource, {**members, "meta": _joined(kept)})


def members_to_index(text: bytes) -> dict[str, bytes]:
    """The members of a stored resource, each as its text. That of ``meta`` is without version and instant, which are others
    with every write.
    """
    members = json_text.members(text)
    members["meta"] = _joined(_kept(members.get("meta")))
    return members


def check_resource(resource: Json, parameters: Parameters) -> str:
    """The type of the resource; :class:`InputError` when it is none that is known, or its ``id`` or
    ``meta`` is no such.
    """
    resource_type = resource.get("resourceType")
    if not isinstance(resource_type, str):
        raise InputError("a resource needs `resourceType`, the name of its type", code="required")
    if resource_type not in parameters.resource_types:
        raise InputError(
            f"{resource_type[:100]!r} is no resource type of this release of FHIR",
            code="value",
            expression="resourceType",
        )
    if not isinstance(resource.get("id", ""), str):
        raise InputError("an id is a string", code="value", expression=f"{resource_type}.id")
    if not isinstance(resource.get("meta", {}), dict):
        raise InputError("meta is an object", code="structure", expression=f"{resource_type}.meta")
    return resource_type


def _kept(meta: bytes | None) -> list[bytes]:
    """The members of ``meta`` that stay, as text."""
    if meta is None:
        return []
    return [
        _member(name, value)
        for name, value in json_text.members(meta).items()
        if name not in ("versionId", "lastUpdated")
    ]


def _joined(members: list[bytes]) -> bytes:
    return b"{" + b",".join(members) + b"}"


def _around_version(members: Mapping[str, bytes], id: bytes, kept: list[bytes]) -> tuple[bytes, bytes]:
    """The text up to where ``"versionId":...`` goes, and what follows."""
    order = list(members)
    if "id" not in members:
        order.insert(order.index("resourceType") + 1, "id")
    if "meta" not in members:
        order.insert(order.index("id") + 1, "meta")
    values = {**members, "id": id}
    at = order.index("meta")
    head = [_member(name, values[name]) for name in order[:at]]
    tail = [_member(name, values[name]) for name in order[at + 1 :]]
    before = b"{" + b",".join([*head, b'"meta":{'])
    after = b"".join([b"," + part for part in kept]) + b"}"
    return before, after + b"".join([b"," + part for part in tail]) + b"}"


def _member(name: str, value: bytes) -> bytes:
    # The name of any element of FHIR is short; what a client makes up may be any text.
    return (_before_value(name) if len(name) <= _LONGEST_NAME else json.dumps(name) + b":") + value


@lru_cache(maxsize=1024)
def _before_value(name: str) -> bytes:
    return json.dumps(name) + b":"
