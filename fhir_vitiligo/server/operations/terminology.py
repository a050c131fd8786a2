"""$expand, $validate-code, $lookup, $translate over the terminology on board (https://hl7.org/fhir/R4/terminology-service.html).

On board are core, HL7's terminology, the vitiligo package, and ValueSets, CodeSystems and ConceptMaps given with the call.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fhir_vitiligo.errors import InputError, NotFoundError, TerminologyError
from fhir_vitiligo.fhir import json
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.interactions.read import stored
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.operations.parameters import parameters
from fhir_vitiligo.terminology.value_sets import Terminology, terminology_of

_MOST = 10_000  # entries of one answer


async def expand(call: Call, inputs: Inputs) -> Json:
    """A ValueSet with its expansion; ``filter``, ``offset`` and ``count`` page it."""
    terminology = terminology_of(call.service.release)
    value_set = await _value_set(call, inputs, terminology)
    offset, count = inputs.number("offset") or 0, inputs.number("count")
    most = _MOST if count is None else min(count, _MOST)
    try:
        found = await asyncio.to_thread(
            terminology.expand,
            value_set,
            inputs.text("filter") or "",
            offset,
            most,
            active_only=inputs.flag("activeOnly"),
        )
    except TerminologyError as error:
        raise _told(error) from None
    expansion: Json = {
        "timestamp": call.service.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "total": found.total,
        "offset": found.offset,
    }
    if found.contains:
        expansion["contains"] = list(found.contains)
    told: Json = {"resourceType": "ValueSet", "status": "active", "expansion": expansion}
    if found.url:
        told["url"] = found.url
    if found.version:
        told["version"] = found.version
    return told


async def validate_code(call: Call, inputs: Inputs) -> Json:
    """Whether a code is in a value set: ``result``, and a ``message`` where there is something to say."""
    terminology = terminology_of(call.service.release)
    value_set = await _value_set(call, inputs, terminology)
    return _best([_verdict(terminology, value_set, coding) for coding in _codings(inputs)])


async def validate_code_in_system(call: Call, inputs: Inputs) -> Json:
    """Whether a code is one of its code system."""
    terminology, verdicts = terminology_of(call.service.release), []
    for coding in _codings(inputs):
        system = coding.get("system") or inputs.text("url")
        if not isinstance(system, str):
            raise InputError(
                "which code system? give url, or a system with the code", code="required", expression="url"
            )
        verdicts.append(
            _result(terminology.check(system, coding["code"], coding.get("display"), coding.get("version")))
        )
    return _best(verdicts)


async def lookup(call: Call, inputs: Inputs) -> Json:
    """What is known of a code; 404 where it is not on board."""
    (coding,) = _codings(inputs)[:1]
    system, code = coding.get("system"), coding["code"]
    if not isinstance(system, str):
        raise InputError("which code system? give system", code="required", expression="system")
    terminology = terminology_of(call.service.release)
    found = terminology.lookup(system, code, coding.get("version"))
    if found is None:
        raise NotFoundError(f"{code[:100]} of {system[:200]} is not on board", code="not-found")
    about = terminology.code_system(system)
    name = getattr(about, "name", None) or system
    displays = found.displays()
    return parameters(
        ("name", "string", name),
        ("display", "string", displays[0] if displays else code),
        *(("designation", "part", [("value", "string", other)]) for other in displays[1:]),
        *(
            (("property", "part", [("code", "code", "inactive"), ("value", "boolean", True)]),)
            if found.inactive
            else ()
        ),
    )


async def translate(call: Call, inputs: Inputs) -> Json:
    """What a code is in another system, by the ConceptMaps on board."""
    terminology = terminology_of(call.service.release)
    matches: list[tuple[str, str, Any]] = []
    for coding in _codings(inputs):
        found = terminology.translate(
            str(coding.get("system") or ""),
            coding["code"],
            url=inputs.text("url"),
            source=inputs.text("source"),
            target=inputs.text("target"),
            target_system=inputs.text("targetsystem"),
            reverse=inputs.flag("reverse"),
        )
        for one in found:
            concept = {"system": one.system, "code": one.code, "display": one.display}
            told = {key: value for key, value in concept.items() if value}
            parts = [
                ("equivalence", "code", one.relationship),
                ("concept", "Coding", told),
                ("source", "uri", one.map_url),
            ]
            matches.append(("match", "part", parts))
    message = None if matches else "No map on board has this code."
    return parameters(("result", "boolean", bool(matches)), ("message", "string", message), *matches)


async def _value_set(call: Call, inputs: Inputs, terminology: Terminology) -> Any:
    """The value set meant: the stored one, the one given, or the one at an address."""
    given = inputs.object("valueSet")
    if given is None and call.id:
        given = json.loads_object(await stored(call))
    if given is not None:
        return terminology.compile(given)
    url, version = inputs.text("url"), inputs.text("valueSetVersion")
    if url is None:
        raise InputError("which value set? give url or valueSet", code="required", expression="url")
    canonical = f"{url}|{version}" if version and "|" not in url else url
    return (
        canonical
        if terminology.value_set(canonical) is not None
        else await _stored_value_set(call, terminology, url)
    )


async def _stored_value_set(call: Call, terminology: Terminology, url: str) -> Any:
    page = await call.service.repository.search(call.query([("url", url), ("_count", "1")]))
    if not page.versions:
        raise NotFoundError(
            f"the value set {url[:200]} is neither on board nor stored here", code="not-found"
        )
    return terminology.compile(json.loads_object(page.versions[0].content or b"{}"))


def _codings(inputs: Inputs) -> list[Json]:
    concept, coding, code = inputs.object("codeableConcept"), inputs.object("coding"), inputs.text("code")
    found: list[Any] = [coding] if coding else []
    if concept is not None:
        found = [one for one in concept.get("coding", []) if isinstance(one, dict)]
    if code is not None:
        version = inputs.text("systemVersion") if "systemVersion" in inputs.values else inputs.text("version")
        found = [
            {
                "system": inputs.text("system"),
                "code": code,
                "display": inputs.text("display"),
                "version": version,
            }
        ]
    if not found or not all(isinstance(one.get("code"), str) for one in found):
        raise InputError(
            "which code? give code (with system), coding or codeableConcept",
            code="required",
            expression="code",
        )
    return found


def _verdict(terminology: Terminology, value_set: Any, coding: Json) -> Json:
    verdict = terminology.validate(
        value_set, coding.get("system"), coding["code"], coding.get("display"), coding.get("version")
    )
    return _result(verdict)


def _result(verdict: Any) -> Json:
    right = verdict.kind == "in" and verdict.display_is_right is not False
    message = None
    if verdict.kind == "cannot-tell":
        message = f"It cannot be told here: {verdict.gap.reason} {verdict.gap.name} is not on board."
    elif verdict.kind == "unknown-code":
        message = verdict.fault or "The code system has no such code."
    elif verdict.kind == "not-in":
        message = "The code is not in the value set."
    elif verdict.display_is_right is False:
        message = f"The display is not one of the code's: {', '.join(verdict.displays)}."
    display = verdict.displays[0] if verdict.displays else None
    return parameters(
        ("result", "boolean", right), ("message", "string", message), ("display", "string", display)
    )


def _best(results: list[Json]) -> Json:
    """Of several codings one is enough."""
    return next((one for one in results if one["parameter"][0]["valueBoolean"]), results[0])


def _told(error: TerminologyError) -> RefusedError:
    """A value set that is not on board is not found, one that cannot be listed cannot be processed."""
    issue = error.issues[0]
    return RefusedError(404 if issue.code == "not-found" else 422, issue.text, issue.code)
