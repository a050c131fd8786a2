"""$to-fhir and $from-fhir: a case in, a Bundle out, and back; nothing is stored."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from fhir_vitiligo.case.io import case_data, dump_case, read_case
from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.mapping.back import cases_from_fhir
from fhir_vitiligo.mapping.mapper import BundleType, Mapper
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import wanted_form
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.message import Response
from fhir_vitiligo.server.operations.everything import record
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.operations.parameters import parameters
from fhir_vitiligo.server.releases import made_in
from fhir_vitiligo.server.spoken import body_release

_TYPES = ("transaction", "collection", "document")


async def to_fhir(call: Call, inputs: Inputs) -> Response:
    """The Bundle that ``fhir-vitiligo to-fhir`` writes, in the ``release`` named or else asked for (``fhirVersion``); a case with
    faults is a 400 that lists all of them.
    """
    text = inputs.text("case")
    kind = inputs.text("type") or "transaction"
    if text is None:
        raise InputError("the parameter case is the text of a case file", code="required", expression="case")
    if kind not in _TYPES:
        raise InputError(
            f"type is one of {', '.join(_TYPES)}, not {kind[:50]!r}", code="invalid", expression="type"
        )
    own, told = call.service.release, inputs.text("release")
    release = Release.of(told) if told else wanted_form(call.request, own).release
    accept = {_part(one, "path"): _part(one, "value") for one in inputs.parts.get("accept", ())}

    def work() -> Json:
        case = read_case(text.encode())
        mapper = Mapper(release)
        return mapper.to_fhir(
            case,
            type=cast(BundleType, kind),
            recorded=inputs.text("recorded"),
            accept_candidates=accept,
        )

    return made_in(call.request, await asyncio.to_thread(work), release, own)


def _part(one: Inputs, name: str) -> str:
    value = one.text(name)
    if value is None:
        raise InputError(f"accept has a part {name}", code="required", expression=f"accept.{name}")
    return value


async def from_fhir(call: Call, inputs: Inputs) -> Json:
    """A ``case`` for each patient, each with its residue; of a Patient's URL, everything stored about that patient."""
    documents = [one for one in inputs.values.get("resource", ()) if isinstance(one, dict)]
    written = inputs.text("format") or "yaml"
    if written not in ("yaml", "json"):
        raise InputError(f"format is yaml or json, not {written[:50]!r}", code="invalid", expression="format")
    if call.id:
        await stored(call)
        versions = await record(call, call.id)
        documents.append(_collection(call, [json.loads_object(one.content or b"{}") for one in versions]))
    if not documents:
        raise InputError(
            "there is nothing to read: send a resource or a Bundle", code="required", expression="resource"
        )
    named = inputs.text("release")
    sent = body_release(call.request, call.service.release)
    release = Release.of(named) if named else sent if sent is not call.service.release else None

    def work() -> list[tuple[str, str, Any]]:
        found = []
        for document in documents:
            for case, residue in cases_from_fhir(document, release):
                content = dump_case(case) if written == "yaml" else json.dumps(case_data(case)).decode()
                rest = [("residue", "part", _residue(one.as_dict())) for one in residue]
                found.append(("case", "part", [("content", "string", content), *rest]))
        return found

    return parameters(*await asyncio.to_thread(work))


def _residue(one: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [
        ("resource", "string", str(one["resource"])),
        ("expression", "string", one["expression"]),
        ("value", "string", json.dumps(one["value"]).decode()),
    ]


def _collection(call: Call, resources: list[Json]) -> Json:
    entries = [
        {"fullUrl": f"{call.request.base}/{one['resourceType']}/{one['id']}", "resource": one}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
