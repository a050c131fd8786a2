"""Elements that the other release has no place for, as its cross-version extensions
(https://hl7.org/fhir/R4/versions.html#extensions, https://hl7.org/fhir/R5/versions.html#extensions).

``http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate`` holds what R5 has at that element: a
value where the element has one type, parts named like its children where it has children.
"""

from __future__ import annotations

import re
from typing import Any

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir.json import Json
from fhir_vitiligo.fhir.release import Release
from fhir_vitiligo.fhir.schema import Property, Schemas

_URL = re.compile(
    r"http://hl7\.org/fhir/(?P<release>[45]\.\d)/StructureDefinition/extension-"
    r"(?P<place>[A-Z][A-Za-z.]*)\.(?P<name>[A-Za-z0-9]+)(?:\[x\])?"
)
_IN_PARTS = ("concept", "reference")  # of a CodeableReference, which R4 has not


def url_of(release: Release, place: str, name: str) -> str:
    """The extension for the element ``name`` at ``place`` (``Encounter.location``) of a release."""
    return f"http://hl7.org/fhir/{release.short_version}/StructureDefinition/extension-{place}.{name}"


def element_of(url: Any, release: Release, place: str) -> str | None:
    """The name of the element at ``place`` that an extension of this url stands for; None for any other url."""
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    if match is None or match["release"] != release.short_version or match["place"] != place:
        return None
    return match["name"]


def extensions_for(there: Schemas, here: Schemas, place: str, key: str, value: Any, where: str) -> list[Json]:
    """The extensions that hold the value of a member of ``there``, written in ``here``; one for each value of a list."""
    one = there.of(place).properties[key]
    url = url_of(there.definitions.release, place, one.element.name)
    values = value if isinstance(value, list) else [value]
    return [_extension(there, here, one, url, each, where) for each in values]


def _extension(there: Schemas, here: Schemas, one: Property, url: str, value: Any, where: str) -> Json:
    code = _code(one)
    if code == "CodeableReference" and isinstance(value, dict) and len(value) == 1 and _IN_PARTS[0] in value:
        return {"url": url, "valueCodeableConcept": value["concept"]}
    if code == "CodeableReference" and isinstance(value, dict) and len(value) == 1 and _IN_PARTS[1] in value:
        return {"url": url, "valueReference": value["reference"]}
    member = _member(code)
    if member in here.of("Extension").properties:
        return {"url": url, member: value}
    if not isinstance(value, dict) or one.kind != "complex":
        raise InputError(
            f"FHIR {here.definitions.release.version} has no place for {where}, and no extension can hold a {code}",
            code="not-supported",
            expression=where,
        )
    return {"url": url, **_parts(there, here, one.content, value, where)}


def _parts(there: Schemas, here: Schemas, place: str, inside: Json, where: str) -> Json:
    found: Json = {"id": inside["id"]} if "id" in inside else {}
    parts: list[Json] = []
    properties = there.of(place).properties
    for key, child in inside.items():
        if key in ("id", "extension"):
            continue
        one = properties.get(key)
        if one is None or key == "modifierExtension":
            raise InputError(
                f"{where}.{key[:64]} cannot be written in FHIR {here.definitions.release.version}: no extension can hold it",
                code="not-supported",
                expression=where,
            )
        values = child if isinstance(child, list) else [child]
        name = one.element.name
        parts += [_extension(there, here, one, name, value, f"{where}.{key}") for value in values]
    return {**found, "extension": [*inside.get("extension", ()), *parts]}


def value_of(here: Schemas, there: Schemas, place: str, name: str, extension: Json) -> tuple[str, Any] | None:
    """The member of ``here`` that an extension written in ``there`` stands for, and its value; None where it says nothing of
    that element.
    """
    keys = here.of(place).keys.get(name, ())
    member = next((key for key in extension if key.startswith("value")), None)
    in_parts: list[Property] = []
    for key in keys:
        one = here.of(place).properties[key]
        code = _code(one)
        if member is not None and member == _member(code):
            return key, extension[member]
        if code == "CodeableReference" and member in ("valueCodeableConcept", "valueReference"):
            return key, {_IN_PARTS[member == "valueReference"]: extension[member]}
        if one.kind == "complex" and _member(code) not in there.of("Extension").properties:
            in_parts.append(one)
    if member is None and len(in_parts) == 1 and "extension" in extension:
        return in_parts[0].key, _of_parts(here, there, in_parts[0].content, extension)
    return None


def _of_parts(here: Schemas, there: Schemas, place: str, extension: Json) -> Json:
    found: Json = {"id": extension["id"]} if "id" in extension else {}
    properties = here.of(place).properties
    for part in extension["extension"]:
        url = part.get("url") if isinstance(part, dict) else None
        told = value_of(here, there, place, url, part) if isinstance(url, str) and ":" not in url else None
        if told is None:
            found.setdefault("extension", []).append(part)
        elif properties[told[0]].is_list:
            found.setdefault(told[0], []).append(told[1])
        else:
            found[told[0]] = told[1]
    return found


def _code(one: Property) -> str:
    return "Quantity" if one.type.code == "SimpleQuantity" else one.type.code


def _member(code: str) -> str:
    return f"value{code[:1].upper()}{code[1:]}"
