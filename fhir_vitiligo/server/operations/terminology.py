"""$expand, $validate-code, $lookup, $translate over the terminology on board (https://hl7.org/fhir/R4/terminology-service.html).

On board are core, HL7's terminology and the vitiligo package; beside them stand ValueSets, CodeSystems and ConceptMaps that
are stored here or given with the call (:mod:`fhir_vitiligo.server.operations.stored_terminology`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from fhir_vitiligo.errors import InputError, Issue, NotFoundError, TerminologyError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.errors import RefusedError
from fhir_vitiligo.server.operations.concept_words import told_of, worded
from fhir_vitiligo.server.operations.inputs import Inputs
from fhir_vitiligo.server.operations.parameters import parameters
from fhir_vitiligo.server.operations.stored_terminology import (
    asked_about,
    at_address,
    maps_of,
    terminology_with,
)
from fhir_vitiligo.terminology.concept_maps import Translation, is_between
from fhir_vitiligo.terminology.concept_maps import translate as translated
from fhir_vitiligo.terminology.value_sets import Terminology, ValueSet, terminology_of

_MOST = 10_000  # entries of one answer
_NOT_IN_MAP = "The map does not have this code."
_NOT_IN_MAPS = "No map on board or stored here has this code."
_NO_MATCH = "The map says that there is no such code."
# What an answer that did not obey would get wrong. What only adds to an answer, or shapes it (definitions, nesting), may be
# asked for by anybody.
_NOT_OBEYED = {
    "context": "bindings of elements are not looked up: give url",
    "contextDirection": "bindings of elements are not looked up: give url",
    "date": "a code system is known as it is now",
    "dependency": "maps are read without what their codes depend on",
    **dict.fromkeys(
        ("exclude-system", "system-version", "check-system-version", "force-system-version"),
        "name the systems and their versions in the compose of a valueSet that you give",
    ),
}


async def expand(call: Call, inputs: Inputs) -> Json:
    """A ValueSet with its expansion; ``filter``, ``offset`` and ``count`` page it. What else is given, and left no trace in
    ``expansion.parameter``, did nothing.
    """
    _refuse_others("expand", inputs)
    terminology, value_set = await _value_set(call, inputs)
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
    if obeyed := _obeyed(inputs):
        expansion["parameter"] = obeyed
    if found.contains:
        language, designations = inputs.text("displayLanguage"), inputs.flag("includeDesignations")
        expansion["contains"] = (
            worded(found.contains, terminology, language, with_designations=designations)
            if language or designations
            else list(found.contains)
        )
    told: Json = {"resourceType": "ValueSet", "status": "active", "expansion": expansion}
    if found.url:
        told["url"] = found.url
    if found.version:
        told["version"] = found.version
    return told


async def validate_code(call: Call, inputs: Inputs) -> Json:
    """Whether a code is in a value set: ``result``, and a ``message`` where there is something to say."""
    _refuse_others("validate-code", inputs)
    codings = _codings(inputs)
    terminology, value_set = await _value_set(call, inputs, [coding.get("system") for coding in codings])
    return _best([_verdict(terminology, value_set, coding) for coding in codings])


async def validate_code_in_system(call: Call, inputs: Inputs) -> Json:
    """Whether a code is one of its code system."""
    _refuse_others("validate-code", inputs)
    about = await asked_about(call, inputs, "codeSystem")
    named = inputs.text("url")
    if about is not None:
        # One without an address can be asked as well: by where it is.
        about = {"url": f"{call.request.base}/CodeSystem/{call.id}", **about}
        named = str(about["url"])
    codings = _codings(inputs)
    asked = [(str(coding.get("system") or named or ""), coding) for coding in codings]
    if not all(system for system, _ in asked):
        raise InputError(
            "which code system? give url, or a system with the code", code="required", expression="url"
        )
    terminology = await terminology_with(
        call, [about] if about is not None else [], [system for system, _ in asked]
    )
    return _best(
        [
            _of_another(named, system)
            if named not in (None, system)
            else _result(
                terminology.check(system, coding["code"], coding.get("display"), coding.get("version"))
            )
            for system, coding in asked
        ]
    )


def _of_another(asked: str | None, system: str) -> Json:
    text = (
        f"The code is one of {system[:200]}, and what was asked is whether it is one of {str(asked)[:200]}."
    )
    return parameters(("result", "boolean", False), ("message", "string", text))


async def lookup(call: Call, inputs: Inputs) -> Json:
    """What is known of a code: ``property`` names what of it is wanted, ``displayLanguage`` in which words; 404 where it is not
    on board.
    """
    _refuse_others("lookup", inputs)
    (coding,) = _codings(inputs)[:1]
    system, code = coding.get("system"), coding["code"]
    if not isinstance(system, str):
        raise InputError("which code system? give system", code="required", expression="system")
    terminology = await terminology_with(call, (), (system,))
    found = terminology.lookup(system, code, coding.get("version"))
    if found is None:
        raise NotFoundError(
            f"the code {code[:100]!r} of {system[:200]} is neither on board nor stored here", code="not-found"
        )
    about = terminology.code_system(system, coding.get("version"))
    assert about is not None  # it has the code
    return parameters(
        ("name", "string", about.resource.get("name") or about.resource.get("title") or system),
        ("version", "string", about.version),
        *told_of(about, code, inputs.text("displayLanguage"), inputs.texts("property")),
    )


async def translate(call: Call, inputs: Inputs) -> Json:
    """What a code is in another system, by the map in the path, the one given or named, or by all there are."""
    _refuse_others("translate", inputs)
    matches: list[tuple[str, str, Any]] = []
    reverse, is_match = inputs.flag("reverse"), False
    named = await asked_about(call, inputs, "conceptMap")
    url = inputs.text("url")
    if named is None and url is not None:
        named = await at_address(call, "ConceptMap", url, inputs.text("conceptMapVersion"))
    for coding in _codings(inputs):
        system = coding.get("system")
        if not isinstance(system, str):
            raise InputError(
                "which code system is the code of? give system", code="required", expression="system"
            )
        for one in await _translations(call, inputs, named, system, coding["code"], reverse=reverse):
            is_match = is_match or one.is_match
            concept = {"system": one.system, "code": one.code, "display": one.display}
            told = {key: value for key, value in concept.items() if value}
            parts = [
                ("equivalence", "code", one.relationship),
                ("concept", "Coding", told or None),
                ("source", "uri", one.map_url or None),
            ]
            matches.append(("match", "part", parts))
    message = None
    if not is_match:
        unknown = _NOT_IN_MAP if named is not None else _NOT_IN_MAPS
        message = _NO_MATCH if matches else unknown
    return parameters(("result", "boolean", is_match), ("message", "string", message), *matches)


async def _translations(
    call: Call, inputs: Inputs, named: Json | None, system: str, code: str, *, reverse: bool
) -> list[Translation]:
    source, target = inputs.text("source"), inputs.text("target")
    target_system = inputs.text("targetsystem")
    if named is not None:
        return translated([named], system, code, target=target_system, reverse=reverse)
    found = terminology_of(call.service.release).translate(
        system, code, source=source, target=target, target_system=target_system, reverse=reverse
    )
    maps = [one for one in await maps_of(call, system, reverse=reverse) if is_between(one, source, target)]
    return found + translated(maps, system, code, target=target_system, reverse=reverse)


def _refuse_others(operation: str, inputs: Inputs) -> None:
    """:class:`InputError` names each parameter that would have to change the answer and does not."""
    faults = [
        Issue("error", "not-supported", name, f"${operation} does not obey {name}: {_NOT_OBEYED[name]}")
        for name in (*inputs.values, *inputs.parts)
        if name in _NOT_OBEYED
    ]
    if faults:
        raise InputError(faults)


def _obeyed(inputs: Inputs) -> list[Json]:
    """https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion.parameter"""
    obeyed: list[Json] = []
    if (filtered := inputs.text("filter")) is not None:
        obeyed.append({"name": "filter", "valueString": filtered})
    numbers = ((name, inputs.number(name)) for name in ("offset", "count"))
    obeyed += [{"name": name, "valueInteger": number} for name, number in numbers if number is not None]
    obeyed += [
        {"name": name, "valueBoolean": inputs.flag(name)}
        for name in ("activeOnly", "includeDesignations")
        if inputs.get(name) is not None
    ]
    if (language := inputs.text("displayLanguage")) is not None:
        obeyed.append({"name": "displayLanguage", "valueCode": language})
    return obeyed


async def _value_set(
    call: Call, inputs: Inputs, systems: Iterable[str | None] = ()
) -> tuple[Terminology, ValueSet]:
    """The value set meant (the stored one, the one given, or the one at an address), and what it is told by; ``systems``
    are asked about too.
    """
    found = await asked_about(call, inputs, "valueSet")
    if found is None:
        url, version = inputs.text("url"), inputs.text("valueSetVersion")
        if url is None:
            raise InputError("which value set? give url or valueSet", code="required", expression="url")
        canonical = f"{url}|{version}" if version and "|" not in url else url
        on_board = terminology_of(call.service.release).value_set(canonical)
        if on_board is not None:
            return await terminology_with(call, (), systems), on_board
        found = await at_address(call, "ValueSet", url, version)
    terminology = await terminology_with(call, [found], systems)
    return terminology, terminology.compile(found)


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
